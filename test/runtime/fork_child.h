// Runs a check in a forked child, which is killed if it hangs.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

namespace miai {

template <class Check>
bool true_in_forked_child(Check check) {
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool ok = false;
    try {
      ok = check();
    } catch (...) {
      ok = false;
    }
    _exit(ok ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace miai
