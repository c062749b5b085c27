#include <miai/miai.h>

#include <cstdio>

int main() {
  std::printf("miai %s\n", miai_version());
  return 0;
}
