// Attributes of MLIR.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/word_list.h"
#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/dialect_attributes.h"
#include "ir/stablehlo/parser_state.h"

namespace jaxsmith::stablehlo {

Attr Parser::number_attr() {
  Attr a;
  a.kind = Attr::Kind::kNumber;
  in_.peek();
  const std::size_t offset = in_.offset();
  a.text = std::string(in_.number());
  if (in_.take(":")) a.type = type();
  if (a.type && a.type->kind != Type::Kind::kScalar)
    in_.refuse_at(offset, "a number is of a type of numbers, not " + a.type->text());
  if (a.type || a.text.find('.') == std::string::npos)
    a.text = number_as(a.text, a.type ? a.type->element : "i64", in_, offset);
  if (!a.type || a.type->element != "i1") return a;
  a.kind = Attr::Kind::kBool;
  a.text = a.text == "0" ? "false" : "true";
  a.type = nullptr;
  return a;
}

Attr Parser::dense_attr() {
  Attr a;
  a.kind = Attr::Kind::kDense;
  in_.expect("<");
  const Literal literal = parse_literal(in_, depth_);
  in_.expect(">");
  in_.expect(":");
  a.type = type();
  if (a.type->kind != Type::Kind::kTensor || !a.type->is_static())
    in_.refuse_at(literal.offset, "a constant's type is a tensor with known dimensions");
  if (element_count_of(literal, *a.type, in_) > limits_.elements && !literal.splat)
    in_.refuse_at(literal.offset, "a constant has too many elements");
  Array array = array_of(literal, *a.type, in_);
  a.splat = literal.splat || (literal.hex && array.rank() == 0 && !a.type->shape.empty());
  a.dense = std::make_shared<const Array>(std::move(array));
  return a;
}

Attr Parser::dialect_attr() {
  Attr a;
  in_.expect("#");
  a.text = std::string(in_.name("an attribute's name"));
  if (in_.raw() != '<') {
    if (const auto alias = known_.attr_aliases.find(a.text); alias != known_.attr_aliases.end()) {
      expanded(alias->second);
      return alias->second;
    }
    in_.refuse("unknown attribute alias #" + a.text);
  }
  a.kind = Attr::Kind::kDialect;
  const std::string_view dialect = std::string_view(a.text).substr(0, a.text.find('.'));
  if (dialect == "stablehlo" || dialect == "chlo")
    own_attribute(a);
  else
    a.body = std::string(in_.balanced('<'));
  if (in_.starts(": ")) {
    in_.expect(":");
    a.type = type();
  }
  return a;
}

// #stablehlo<precision HIGH>; #stablehlo.gather<…>, which may be written #stablehlo<gather<…>>.
void Parser::own_attribute(Attr& a) {
  in_.expect("<");
  if (const std::size_t dot = a.text.find('.'); dot != std::string::npos) {
    a.body = attribute_body(std::string_view(a.text).substr(dot + 1), in_);
    return in_.expect(">");
  }
  const std::string name(in_.word("an attribute's name"));
  if (in_.take("<")) {
    a.text += "." + name;
    a.body = attribute_body(name, in_);
    in_.expect(">");
  } else {
    a.body = name + " " + enumerator(name);
  }
  in_.expect(">");
}

// One of an enumeration's words.
std::string Parser::enumerator(std::string_view name) {
  in_.peek();
  const std::size_t at = in_.offset();
  const std::string_view words = enumeration(name);
  if (words.empty()) in_.refuse("StableHLO has no attribute " + std::string(name));
  const std::string_view word = in_.word("a word");
  if (!is_word_of(words, word))
    in_.refuse_at(at, fmt::format("{} is none of {}: {}", name, words, word));
  return std::string(word);
}

// <i64: 1, 2>; of i1 true and false
Attr Parser::dense_array_attr() {
  Attr a;
  a.kind = Attr::Kind::kDenseArray;
  in_.expect("<");
  in_.peek();
  const std::size_t at = in_.offset();
  a.text = std::string(in_.word("an element type"));
  const auto integers = integer_type(a.text);
  const auto dtype = dtype_from_mlir(a.text);
  const bool numbers = integers
                           ? a.text == "i1" || integers->bits % 8 == 0
                           : dtype && tensor::is_real(*dtype) && tensor::bit_width(*dtype) % 8 == 0;
  if (!numbers || a.text == "index")
    in_.refuse_at(at, "an array holds i1, or integers or floats of whole bytes, not " + a.text);
  if (in_.take(":")) do {
      Attr item;
      item.kind = Attr::Kind::kNumber;
      in_.peek();
      const std::size_t place = in_.offset();
      if (a.text == "i1" && (in_.starts("true") || in_.starts("false")))
        item.text = std::string(in_.word("a bool"));
      else if (a.text == "i1")
        in_.refuse("expected true or false");
      else
        item.text = number_as(in_.number(), a.text, in_, place);
      a.items.push_back(std::move(item));
    } while (in_.take(","));
  in_.expect(">");
  return a;
}

Attr Parser::attribute() {
  const ir::Nesting level = nested();
  Attr a;
  const char c = in_.peek();
  if (c == '"') {
    a.kind = Attr::Kind::kString;
    a.text = in_.string();
    if (in_.starts(": ") && !in_.starts("::")) {
      in_.expect(":");
      a.type = type();
    }
    return a;
  }
  if (c == '@') {
    a.kind = Attr::Kind::kSymbol;
    a.text = symbol();
    return a;
  }
  if (c == '[') {
    a.kind = Attr::Kind::kArray;
    in_.expect("[");
    if (in_.peek() != ']') do {
        a.items.push_back(attribute());
      } while (in_.take(","));
    in_.expect("]");
    return a;
  }
  if (c == '{') {
    a.kind = Attr::Kind::kDict;
    for (NamedAttr& n : attr_dict()) {
      a.keys.push_back(std::move(n.name));
      a.items.push_back(std::move(n.value));
    }
    return a;
  }
  if (c == '#') return dialect_attr();
  if (is_digit(c) || c == '-') return number_attr();
  if (in_.take_word("dense")) return dense_attr();
  if (in_.take_word("array")) return dense_array_attr();
  for (const char* word : {"true", "false"}) {
    if (!in_.take_word(word)) continue;
    a.kind = Attr::Kind::kBool;
    a.text = word;
    return a;
  }
  if (in_.take_word("unit")) return a;
  for (const char* word :
       {"affine_map", "affine_set", "dense_resource", "sparse", "distinct", "strided"}) {
    if (in_.starts(word))
      in_.refuse(std::string("attributes of the kind ") + word + " are not supported");
  }
  a.kind = Attr::Kind::kType;
  a.type = type();
  return a;
}

std::string Parser::symbol() {
  std::string out;
  for (;;) {
    in_.expect("@");
    out += '@';
    if (in_.raw() == '"')
      out += in_.string();
    else
      out += in_.name("a symbol's name: a letter or _ first, others are quoted");
    const std::size_t behind = in_.offset();
    if (!in_.take(":") || !in_.take(":") || in_.peek() != '@') {
      in_.move_to(behind);
      return out;
    }
    out += "::";
  }
}

std::vector<NamedAttr> Parser::attr_dict(bool property) {
  std::vector<NamedAttr> out;
  std::unordered_set<std::string> names;
  in_.expect("{");
  if (in_.peek() != '}') do {
      NamedAttr n;
      n.property = property;
      const std::size_t at = (in_.peek(), in_.offset());
      n.name = in_.peek() == '"' ? in_.string() : std::string(in_.word("an attribute's name"));
      if (n.name.empty()) in_.refuse_at(at, "an attribute has a name");
      if (in_.take("=")) n.value = attribute();
      if (!names.insert(n.name).second)
        in_.refuse_at(at, "attribute '" + n.name + "' stands twice");
      out.push_back(std::move(n));
    } while (in_.take(","));
  in_.expect("}");
  std::sort(out.begin(), out.end(),
            [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
  return out;
}

}  // namespace jaxsmith::stablehlo
