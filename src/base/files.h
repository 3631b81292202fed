// Files that a user names, for reading.
#pragma once

#include <optional>
#include <string>

namespace jaxsmith {

// Why nothing can be read from a file of this name: there is none, it is a folder, or what the
// system says. Nothing where it can be opened, as far as its kind and its permissions go.
std::optional<std::string> why_unreadable(const std::string& path);

}  // namespace jaxsmith
