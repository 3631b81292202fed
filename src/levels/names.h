// The levels by what the code calls them, for whoever is about one of them: level::kStablehlo. All
// else goes by their rows, and is not compiled anew when a level is added.
#pragma once

#include "levels/levels.h"

namespace jaxsmith::level {

enum class Number : std::uint8_t {
#define LEVEL(level, folder, row) level,
#include "levels/levels.def"
#undef LEVEL
};

#define LEVEL(level, folder, row) inline constexpr Level level = static_cast<Level>(Number::level);
#include "levels/levels.def"
#undef LEVEL

}  // namespace jaxsmith::level
