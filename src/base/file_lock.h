// A file that one process at a time has locked, and that says which.
//
//   JAXSMITH_TRY(lock, FileLock::take(folder + "/lock"));
//   if (!lock) …  // another process has it: FileLock::holder(folder + "/lock") says which
//
// The lock (flock) ends with the process, however that ends; children do not inherit it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"

namespace jaxsmith {

class FileLock {
 public:
  // Makes the file where it is missing. Nothing where another process has it; an error where the
  // file cannot be made or written, or its file system has no locks.
  static Result<std::optional<FileLock>> take(const std::string& path);
  // "process 1234 on host", of a file that is locked; "another process" where it does not say.
  static std::string holder(const std::string& path);

  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileLock();  // the file stays

  // Whether this path is still the locked file.
  bool is_at(const std::string& path) const;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace jaxsmith
