#include "base/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iomanip>

namespace jaxsmith {
namespace {

std::string host() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

// "PROCESS HOST", for whoever is refused.
bool say_who(int fd) {
  const std::string text = fmt::format("{} {}\n", getpid(), host());
  return ftruncate(fd, 0) == 0 &&
         pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

std::string holder(const std::string& path) {
  std::ifstream in(path);
  long process = 0;
  std::string where;
  constexpr int kLongestName = 256;  // of a host; the file may hold anything
  if (!(in >> process >> std::setw(kLongestName) >> where)) return "another process";
  return where == host() ? fmt::format("process {}", process)
                         : fmt::format("process {} on {}", process, where);
}

// Whether it is locked now; false where another process has it.
Result<bool> lock_open(int fd, const std::string& path) {
  int status = 0;
  do status = flock(fd, LOCK_EX | LOCK_NB);
  while (status != 0 && errno == EINTR);
  if (status == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return Error::environment(
      fmt::format("cannot lock {}: {}; name a folder on a file system that has locks, since two "
                  "runs in one folder would destroy it",
                  path, strerror(errno)));
}

}  // namespace

Result<std::optional<FileLock>> FileLock::take(const std::string& path) {
  const auto cannot = [&](const char* what) {
    return Error::environment(fmt::format("cannot {} {}: {}", what, path, strerror(errno)));
  };
  // Its owner may take the file away while we open it: then it is made anew.
  for (;;) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return cannot("write");
    FileLock lock(fd);
    const auto locked = lock_open(fd, path);
    if (!locked.ok()) ::unlink(path.c_str());
    if (!locked.ok()) return locked.error();
    if (!locked.value()) return std::optional<FileLock>();
    if (!lock.is_at(path)) continue;
    if (!say_who(fd)) {
      const Error error = cannot("write");
      ::unlink(path.c_str());
      return error;
    }
    return std::optional<FileLock>(std::move(lock));
  }
}

Result<std::optional<FileLock>> FileLock::take_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Error::environment(fmt::format("cannot open {}: {}", path, strerror(errno)));
  FileLock lock(fd);
  JAXSMITH_TRY(locked, lock_open(fd, path));
  return locked ? std::optional<FileLock>(std::move(lock)) : std::nullopt;
}

Error FileLock::taken(const std::string& folder, const std::string& path) {
  return Error::environment(fmt::format(
      "--out {}: {} is writing to it; wait until that has ended, or name another folder", folder,
      holder(path)));
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

bool FileLock::is_at(const std::string& path) const {
  struct stat open_file{}, named{};
  return fstat(fd_, &open_file) == 0 && stat(path.c_str(), &named) == 0 &&
         open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

}  // namespace jaxsmith
