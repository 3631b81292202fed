// How much what was read amounts to: where aliases stand for it, and where rules read it again.
#include <algorithm>

#include "ir/common/frame.h"
#include "ir/stablehlo/parser_state.h"

namespace jaxsmith::stablehlo {

// What aliases stand for may be nested deeper than the text.
std::size_t Parser::parts_in(const Type& type) {
  const ir::Nesting level = nested();
  std::size_t n = 1 + ir::parts_of(type.element.size() + type.encoding.size());
  for (const auto* list : {&type.parts, &type.results})
    for (const Type* part : *list) n += parts_in(*part);
  return n;
}

std::size_t Parser::parts_in(const Attr& attr) {
  const ir::Nesting level = nested();
  std::size_t length = attr.text.size() + attr.body.size();
  for (const std::string& key : attr.keys) length += key.size();
  std::size_t n = 1 + ir::parts_of(length);
  for (const Attr& item : attr.items) n += parts_in(item);
  return n;
}

std::int64_t Parser::reading_cost(const Op& op) {
  constexpr std::int64_t kNumbersOfPart = 16, kLongestList = 4096;
  std::size_t parts = 0;
  for (const NamedAttr& a : op.attrs) {
    parts += parts_in(a.value);
    // A constant's elements are not read one by one.
    if (a.value.kind != Attr::Kind::kDense || a.name == "value") continue;
    const std::int64_t count = tensor::element_count(a.value.type->shape);
    parts += static_cast<std::size_t>(std::min(count, kLongestList) / kNumbersOfPart);
  }
  return ir::reading_cost(parts);
}

}  // namespace jaxsmith::stablehlo
