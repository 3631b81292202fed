// Where the program's own parts are.
#pragma once

#include <string>

namespace jaxsmith::trace {

struct Installation {
  std::string python;       // interpreter that has JAX
  std::string python_path;  // folder with the `jaxsmith` Python package
  std::string version;      // of jaxsmith
  std::string allocator;    // shared library of malloc for the workers, or none
};

}  // namespace jaxsmith::trace
