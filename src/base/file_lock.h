// A file that one process at a time has locked, and that says which.
//
//   JAXSMITH_TRY(lock, FileLock::take(folder + "/lock"));
//   if (!lock) return FileLock::taken(folder, folder + "/lock");  // says which process has it
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
  // The same of a folder, in which nothing is made: it does not say which process has it.
  static Result<std::optional<FileLock>> take_folder(const std::string& path);
  // What is said where take() gives nothing: "--out FOLDER: process 1234 on host is writing to it
  // …"; "another process" where the file does not say.
  static Error taken(const std::string& folder, const std::string& path);

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
