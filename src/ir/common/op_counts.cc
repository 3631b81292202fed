#include "ir/common/op_counts.h"

#include <algorithm>
#include <array>

namespace jaxsmith {
namespace {

constexpr std::array<std::string_view, 8> kDialects = {"stablehlo.", "chlo.", "func.",  "sdy.",
                                                       "mhlo.",      "vhlo.", "shape.", "tensor."};

bool word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

std::string_view word_at(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && word(text[n])) ++n;
  return text.substr(0, n);
}

std::string_view trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view() : line.substr(first);
}

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    visit(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// The operation at the start of a statement: behind `%0 = `, `%0:2 = ` or nothing.
std::string_view statement(std::string_view line) {
  if (line.empty() || line[0] != '%') return line;
  const std::size_t equals = line.find(" = ");
  return equals == std::string_view::npos ? line : line.substr(equals + 3);
}

}  // namespace

OpCounts stablehlo_op_counts(std::string_view text) {
  OpCounts counts;
  for_each_line(text, [&](std::string_view line) {
    std::string_view op = statement(line);
    if (!op.empty() && op[0] == '"') op.remove_prefix(1);
    const std::string_view name = word_at(op);
    const bool named = std::any_of(kDialects.begin(), kDialects.end(),
                                   [&](std::string_view d) { return name.starts_with(d); });
    if (named) ++counts[std::string(name)];
    // func's own operations are printed without their dialect.
    else if (name == "call" || name == "return")
      ++counts["func." + std::string(name)];
    // A region of one operation is printed in a line: `applies stablehlo.add across dimensions`.
    constexpr std::string_view kApplies = " applies ";
    if (const std::size_t at = line.find(kApplies); named && at != std::string_view::npos) {
      ++counts[std::string(word_at(line.substr(at + kApplies.size())))];
      ++counts["stablehlo.return"];
    }
  });
  return counts;
}

OpCounts hlo_op_counts(std::string_view text) {
  OpCounts counts;
  for_each_line(text, [&](std::string_view line) {
    const std::size_t equals = line.find(" = ");
    const std::size_t bracket = line.find_first_of("({");
    if (equals == std::string_view::npos || bracket < equals) return;
    // The type: a tuple in parentheses, which may hold comments, or one word.
    std::string_view rest = line.substr(equals + 3);
    if (!rest.empty() && rest[0] == '(') {
      int depth = 0;
      std::size_t i = 0;
      for (; i < rest.size(); ++i) {
        depth += rest[i] == '(' ? 1 : rest[i] == ')' ? -1 : 0;
        if (depth == 0) break;
      }
      rest = i + 2 < rest.size() ? rest.substr(i + 2) : std::string_view();
    } else {
      const std::size_t space = rest.find(' ');
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
    const std::string_view opcode = word_at(rest);
    if (!opcode.empty() && opcode.size() < rest.size() && rest[opcode.size()] == '(')
      ++counts[std::string(opcode)];
  });
  return counts;
}

}  // namespace jaxsmith
