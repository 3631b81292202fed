#include "plan/holes.h"

#include <fmt/format.h>

#include <cctype>
#include <string>

namespace jaxsmith::plan {
namespace {

// The bracket that is open before a place; npos: none.
std::size_t open_bracket(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at-- > 0) {
    if (text[at] == ')' || text[at] == ']') ++depth;
    if ((text[at] == '(' || text[at] == '[') && depth-- == 0) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string holes(std::size_t from, std::size_t count) {
  std::string out;
  for (std::size_t i = from; i < from + count; ++i)
    out += fmt::format("{}${}", i > from ? ", " : "", i);
  return out;
}

std::size_t find_hole(std::string_view spelling, std::size_t number, std::size_t from) {
  const std::string hole = fmt::format("${}", number);
  for (auto at = spelling.find(hole, from); at != spelling.npos; at = spelling.find(hole, at + 1)) {
    const std::size_t end = at + hole.size();
    if (end == spelling.size() || !std::isdigit(static_cast<unsigned char>(spelling[end])))
      return at;
  }
  return spelling.npos;
}

bool only_indexes(std::string_view spelling, std::size_t number) {
  const std::size_t length = fmt::format("${}", number).size();
  for (auto at = find_hole(spelling, number); at != spelling.npos;
       at = find_hole(spelling, number, at + length)) {
    const std::size_t bracket = open_bracket(spelling, at);
    // What a list begins with is no subscript.
    if (bracket == spelling.npos || bracket == 0 || spelling[bracket] != '[') return false;
    const char before = spelling[bracket - 1];
    if (!std::isalnum(static_cast<unsigned char>(before)) && before != ')' && before != ']')
      return false;
    const std::size_t end = at + length;
    const bool begins = at == bracket + 1 || spelling.substr(at - 2, 2) == ", ";
    if (!begins || end >= spelling.size() || (spelling[end] != ']' && spelling[end] != ','))
      return false;
  }
  return true;
}

}  // namespace jaxsmith::plan
