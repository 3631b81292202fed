#include "ir/common/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

namespace jaxsmith::ir {
namespace {

constexpr std::size_t kShownColumns = 160;

}  // namespace

Position position_of(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  Position p{1, 1};
  std::size_t start = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (text[i] != '\n') continue;
    ++p.line;
    start = i + 1;
  }
  p.column = static_cast<int>(offset - start) + 1;
  return p;
}

Error refused_at(std::string_view text, std::string_view file, std::size_t offset,
                 std::string_view message) {
  offset = std::min(offset, text.size());
  const Position p = position_of(text, offset);
  std::size_t start = offset - static_cast<std::size_t>(p.column - 1);
  std::size_t end = std::min(text.find('\n', offset), text.size());
  if (offset - start > kShownColumns / 2) start = offset - kShownColumns / 2;
  end = std::min(end, start + kShownColumns);
  std::string shown(text.substr(start, end - start));
  // What a terminal would take as a command is not shown.
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return Error::environment(fmt::format("{}:{}:{}: {}\n    {}\n    {}^", file, p.line, p.column,
                                        message, shown, std::string(offset - start, ' ')));
}

}  // namespace jaxsmith::ir
