#include "base/files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace jaxsmith {

std::optional<std::string> why_unreadable(const std::string& path) {
  const auto refused = [] { return std::string("it cannot be read: ") + strerror(errno); };
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0)
    return errno == ENOENT ? "there is no such file" : refused();
  if (S_ISDIR(found.st_mode)) return "it is a folder; name a file";
  if (::access(path.c_str(), R_OK) != 0) return refused();
  return std::nullopt;
}

}  // namespace jaxsmith
