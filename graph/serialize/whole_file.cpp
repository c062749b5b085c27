#include "graph/serialize/whole_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "kernels/common/error.h"
#include "runtime/mapped_pages.h"

namespace miai {
namespace {

[[noreturn]] void raise_system(const std::string& what, const std::string& path) {
  raise(ErrorKind::kIo, what, " '", path, "': ", std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Removes the file unless it was kept.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

void write_all(int fd, std::span<const char> bytes, const std::string& path) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) raise_system("cannot write", path);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
}

std::string folder_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

std::string temporary_name(const std::string& path) {
  static std::atomic<int> count{0};
  return path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(++count);
}

}  // namespace

void write_whole_file(const std::string& path, std::span<const std::span<const char>> parts) {
  std::string name = temporary_name(path);
  while (::access(name.c_str(), F_OK) == 0) name = temporary_name(path);  // left by a killed process
  Temporary temporary(name);
  {
    Descriptor file(temporary.path(), O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (!file.is_open()) {
      temporary.keep();
      raise_system("cannot create a file beside", path);
    }
    for (std::span<const char> part : parts) write_all(file.get(), part, path);
    if (::fsync(file.get()) != 0) raise_system("cannot write", path);
  }
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) raise_system("cannot replace", path);
  temporary.keep();
  Descriptor folder(folder_of(path), O_RDONLY | O_DIRECTORY);
  if (folder.is_open()) ::fsync(folder.get());  // best effort: the data is safe, the name may not be
}

MappedFile map_file(const std::string& path) {
  Descriptor file(path, O_RDONLY);
  if (!file.is_open()) raise_system("cannot open", path);
  struct stat status;
  if (::fstat(file.get(), &status) != 0) raise_system("cannot read", path);
  if (!S_ISREG(status.st_mode)) raise(ErrorKind::kIo, "cannot read '", path, "': not a regular file");
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) raise(ErrorKind::kIo, "cannot read '", path, "': the file is empty");
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED) raise_system("cannot map", path);
  std::shared_ptr<const void> mapped(data, [size](const void* p) {
    remove_mapping(p);
    ::munmap(const_cast<void*>(p), size);
  });
  add_mapping(data, size);
  return {std::move(mapped), size};
}

}  // namespace miai
