// Types of MLIR. Blanks, line breaks and comments may stand between any two of their parts.
#include <algorithm>
#include <charconv>

#include "ir/stablehlo/parser_state.h"
#include "ir/stablehlo/printer.h"
#include "ir/stablehlo/quantized.h"

namespace jaxsmith::stablehlo {
namespace {

// Of numbers that jaxsmith has no arrays of.
bool is_other_number(std::string_view name) {
  return integer_type(name) || name == "f80" || name == "f128" || name == "tf32";
}

bool is_other_type(std::string_view name) {
  return name == "none" || name.starts_with("memref") || name.starts_with("vector");
}

}  // namespace

const Type* Parser::intern(Type type) {
  module_->types.push_back(std::move(type));
  return &module_->types.back();
}

const Type* Parser::type() {
  const ir::Nesting level = nested();
  in_.peek();
  const std::size_t start = in_.offset();
  if (in_.take_word("tensor")) {
    in_.peek();
    const std::size_t body = in_.offset();
    in_.balanced('<');
    const std::size_t end = in_.offset();
    const std::string_view whole = in_.text().substr(start, end - start);
    if (const auto known = known_.types.find(whole); known != known_.types.end())
      return known->second;
    in_.move_to(body);
    const Type* made = intern(tensor_type(end));
    known_.types.emplace(whole, made);
    return made;
  }
  if (in_.take("(")) {
    Type t{Type::Kind::kFunction, "", std::nullopt, {}, "", {}, {}};
    in_.move_to(in_.offset() - 1);
    t.parts = type_list();
    in_.expect("->");
    t.results = in_.peek() == '(' ? type_list() : std::vector<const Type*>{type()};
    return intern(std::move(t));
  }
  if (in_.peek() == '!') return dialect_type();
  if (in_.take_word("tuple")) {
    Type t{Type::Kind::kTuple, "", std::nullopt, {}, "", {}, {}};
    in_.expect("<");
    if (in_.peek() != '>') do {
        t.parts.push_back(type());
      } while (in_.take(","));
    in_.expect(">");
    return intern(std::move(t));
  }
  if (!is_letter(in_.peek())) in_.refuse("expected a type");
  const std::string name = element_name();
  const auto dtype = dtype_from_mlir(name);
  const bool number = dtype || is_other_number(name);
  if (!number && !is_other_type(name)) in_.refuse_at(start, "unknown type '" + name + "'");
  return intern({number ? Type::Kind::kScalar : Type::Kind::kOther, name, dtype, {}, "", {}, {}});
}

// !stablehlo.token, or an alias
const Type* Parser::dialect_type() {
  Type t{Type::Kind::kOther, element_name(), std::nullopt, {}, "", {}, {}};
  if (t.element == "!stablehlo.token") t.kind = Type::Kind::kToken;
  if (const auto alias = known_.type_aliases.find(t.element); alias != known_.type_aliases.end()) {
    expanded(*alias->second);
    return alias->second;
  }
  return intern(std::move(t));
}

// 2x?x, as far as it goes. The x belongs to what stands before it, even where a word goes on with
// it: 2xf32.
void Parser::dimensions(Shape& shape) {
  while (in_.peek() == '?' || is_digit(in_.raw())) {
    const std::size_t start = in_.offset();
    if (in_.take("?")) {
      shape.push_back(kDynamic);
    } else {
      const std::string_view digits = in_.digits("a dimension");
      std::int64_t n = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), n).ec != std::errc())
        in_.refuse_at(start, "a dimension is too large");
      shape.push_back(n);
    }
    if (!in_.take("x")) in_.refuse_at(in_.offset(), "expected 'x' and more of a tensor's type");
  }
}

// f32, complex<f32>, !quant.uniform<…>: as MLIR prints it, or what it is about if that is unknown.
std::string Parser::element_name() {
  if (in_.take("!")) {
    std::string out = "!" + std::string(in_.name("a type's name"));
    if (in_.raw() == '<') out += "<" + std::string(in_.balanced('<')) + ">";
    return out;
  }
  std::string out(in_.word("an element type"));
  if (in_.peek() != '<') return out;
  if (out != "complex") return out + "<" + std::string(in_.balanced('<')) + ">";
  in_.expect("<");
  out += "<" + std::string(in_.word("a type of the parts")) + ">";
  in_.expect(">");
  return out;
}

// Behind the word; `end` is where it ends.
Type Parser::tensor_type(std::size_t end) {
  Type t;
  t.kind = Type::Kind::kTensor;
  const std::size_t start = in_.offset();
  in_.expect("<");
  dimensions(t.shape);
  if (t.shape.size() > 64) in_.refuse_at(start, "a tensor has more than 64 dimensions");
  in_.peek();
  const std::size_t element = in_.offset();
  t.element = element_name();
  if (in_.take(",")) t.encoding = print(attribute());
  in_.expect(">");
  if (in_.offset() != end) in_.refuse("expected the end of a tensor's type");
  if (const auto alias = known_.type_aliases.find(t.element); alias != known_.type_aliases.end()) {
    expanded(*alias->second);
    t.element = alias->second->element;
  }
  t.dtype = dtype_from_mlir(t.element);
  t.quantized = parse_quantized(t.element);
  if (t.quantized) {
    t.dtype = t.quantized->storage;
    Type expressed{Type::Kind::kTensor,
                   std::string(mlir_name(t.quantized->expressed)),
                   t.quantized->expressed,
                   t.shape,
                   t.encoding,
                   {},
                   {}};
    t.expressed = std::make_shared<const Type>(std::move(expressed));
  }
  if (!t.dtype && !t.element.starts_with("!"))
    in_.refuse_at(element, "unknown element type '" + t.element + "'");
  return t;
}

std::vector<const Type*> Parser::type_list() {
  std::vector<const Type*> out;
  in_.expect("(");
  if (in_.peek() != ')') do {
      out.push_back(type());
    } while (in_.take(","));
  in_.expect(")");
  return out;
}

}  // namespace jaxsmith::stablehlo
