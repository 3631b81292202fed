#include "ir/stablehlo/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/op_table.h"
#include "ir/stablehlo/parser_state.h"
#include "ir/stablehlo/quantized.h"

namespace jaxsmith::stablehlo {

// ---- Types ----

const Type* Parser::intern(Type type) {
  module_->types.push_back(std::move(type));
  return &module_->types.back();
}

// Aliases of aliases would grow exponentially.
template <class T>
void Parser::expanded(const T& alias) {
  constexpr std::size_t kOnTop = 10'000, kTimesText = 4;
  expanded_ += parts_in(alias);
  if (expanded_ > kOnTop + kTimesText * length_)
    in_.refuse("its aliases stand for much more than the text has");
}

const Type* Parser::type() {
  const ir::Nesting level = nested();
  in_.peek();
  const std::size_t start = in_.offset();
  if (in_.take("tensor")) {
    const std::string_view body = in_.balanced('<');
    const std::string_view whole = in_.text().substr(start, in_.offset() - start);
    if (const auto known = known_.types.find(whole); known != known_.types.end())
      return known->second;
    const Type* made = intern(tensor_type(body, start + 7));
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
  if (in_.take("!")) {
    const std::string name(in_.word("a type's name"));
    Type t{name == "stablehlo.token" ? Type::Kind::kToken : Type::Kind::kOther,
           "!" + name,
           std::nullopt,
           {},
           "",
           {},
           {}};
    if (in_.raw() == '<') t.element += "<" + std::string(in_.balanced('<')) + ">";
    if (const auto alias = known_.type_aliases.find(t.element);
        alias != known_.type_aliases.end()) {
      expanded(*alias->second);
      return alias->second;
    }
    return intern(std::move(t));
  }
  if (in_.take_word("tuple")) {
    Type t{Type::Kind::kTuple, "", std::nullopt, {}, "", {}, {}};
    in_.expect("<");
    if (in_.peek() != '>') do {
        t.parts.push_back(type());
      } while (in_.take(","));
    in_.expect(">");
    return intern(std::move(t));
  }
  std::string name(in_.word("a type"));
  if (in_.raw() == '<') name += "<" + std::string(in_.balanced('<')) + ">";
  if (const auto known = known_.types.find(name); known != known_.types.end()) return known->second;
  const auto dtype = dtype_from_mlir(name);
  if (!dtype && name != "none" && !name.starts_with("memref") && !name.starts_with("vector"))
    in_.refuse_at(start, "unknown type '" + name + "'");
  return intern({dtype ? Type::Kind::kScalar : Type::Kind::kOther, name, dtype, {}, "", {}, {}});
}

Type Parser::tensor_type(std::string_view body, std::size_t offset) {
  Type t;
  t.kind = Type::Kind::kTensor;
  std::size_t i = 0;
  const auto blank = [&] {
    while (i < body.size() && (body[i] == ' ' || body[i] == '\n')) ++i;
  };
  for (;;) {
    blank();
    const std::size_t start = i;
    if (i < body.size() && body[i] == '?') {
      ++i;
      t.shape.push_back(kDynamic);
    } else {
      while (i < body.size() && is_digit(body[i])) ++i;
      if (i == start) break;
      std::int64_t n = 0;
      if (std::from_chars(body.data() + start, body.data() + i, n).ec != std::errc())
        in_.refuse_at(offset + start, "a dimension is too large");
      t.shape.push_back(n);
    }
    if (i >= body.size() || body[i] != 'x')
      in_.refuse_at(offset + i, "expected 'x' and more of a tensor's type");
    ++i;
  }
  if (t.shape.size() > 64) in_.refuse_at(offset, "a tensor has more than 64 dimensions");
  int depth = 0;
  const std::size_t start = i;
  for (; i < body.size(); ++i) {
    if (body[i] == '<') ++depth;
    if (body[i] == '>') --depth;
    if (body[i] == ',' && depth == 0) break;
  }
  t.element = std::string(body.substr(start, i - start));
  while (!t.element.empty() && t.element.back() == ' ') t.element.pop_back();
  if (i < body.size()) {
    ++i;
    blank();
    t.encoding = std::string(body.substr(i));
  }
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
    in_.refuse_at(offset + start, "unknown element type '" + t.element + "'");
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

// ---- Attributes ----

Attr Parser::number_attr() {
  Attr a;
  a.kind = Attr::Kind::kNumber;
  const std::size_t offset = in_.offset();
  a.text = std::string(in_.number());
  if (in_.take(":")) a.type = type();
  if (a.type && a.type->kind == Type::Kind::kScalar && a.type->dtype &&
      tensor::is_real(*a.type->dtype)) {
    auto printed = float_as_printed(a.text, *a.type->dtype);
    if (!printed) in_.refuse_at(offset, "a number or the bits of a float are wanted");
    a.text = std::move(*printed);
  }
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
  const std::string name(in_.word("an attribute's name"));
  if (in_.raw() != '<') {
    if (const auto alias = known_.attr_aliases.find(name); alias != known_.attr_aliases.end()) {
      expanded(alias->second);
      return alias->second;
    }
    in_.refuse("unknown attribute alias #" + name);
  }
  a.kind = Attr::Kind::kDialect;
  a.text = name;
  a.body = std::string(in_.balanced('<'));
  if (in_.starts(": ")) {
    in_.expect(":");
    a.type = type();
  }
  return a;
}

Attr Parser::dense_array_attr() {
  Attr a;
  a.kind = Attr::Kind::kDenseArray;
  in_.expect("<");
  a.text = std::string(in_.word("an element type"));
  if (in_.take(":")) do {
      Attr item;
      item.kind = Attr::Kind::kNumber;
      item.text = in_.starts("true") || in_.starts("false") ? std::string(in_.word("a bool"))
                                                            : std::string(in_.number());
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
      out += in_.word("a symbol's name");
    if (!in_.starts("::@")) return out;
    in_.take("::");
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

// ---- Values ----

ValueId Parser::define(std::string_view name, int index, const Type* type, std::size_t offset) {
  const auto id = static_cast<ValueId>(module_->values.size());
  module_->values.push_back({type, std::string(name), index});
  if (index <= 0) {
    const auto [at, added] = known_.scope.try_emplace(name, id);
    if (!added) in_.refuse_at(offset, fmt::format("%{} is defined already", name));
    known_.defined.push_back(name);
  }
  return id;
}

std::string_view Parser::value_name() {
  in_.expect("%");
  const std::size_t start = in_.offset();
  while (is_word(in_.raw()) || in_.raw() == '-') in_.move_to(in_.offset() + 1);
  if (in_.offset() == start) in_.refuse("expected a value's name");
  return in_.text().substr(start, in_.offset() - start);
}

ValueId Parser::operand() {
  in_.peek();
  const std::size_t at = in_.offset();
  const std::string_view name = value_name();
  std::int64_t index = 0;
  if (in_.raw() == '#') {
    in_.expect("#");
    index = small_number(in_.number());
  }
  const auto found = known_.scope.find(name);
  if (found == known_.scope.end()) in_.refuse_at(at, fmt::format("%{} is not defined", name));
  const auto id = static_cast<std::size_t>(found->second) + static_cast<std::size_t>(index);
  if (index < 0 || id >= module_->values.size() || module_->values[id].name != name ||
      module_->values[id].index < (index > 0 ? 1 : -1))
    in_.refuse_at(at, fmt::format("%{} has no result {}", name, index));
  return static_cast<ValueId>(id);
}

std::int64_t Parser::small_number(std::string_view text) {
  std::int64_t n = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), n);
  if (done.ec != std::errc() || done.ptr != text.data() + text.size())
    in_.refuse("expected an integer");
  return n;
}

void Parser::location() {
  while (in_.take_word("loc")) in_.balanced('(');
}

// ---- Regions ----

Parser::Scope::Scope(Parser& parser, bool isolated)
    : parser_(parser), size_(parser.known_.defined.size()), isolated_(isolated) {
  if (isolated_) std::swap(outer_, parser_.known_.scope);
}

Parser::Scope::~Scope() {
  while (parser_.known_.defined.size() > size_) {
    parser_.known_.scope.erase(parser_.known_.defined.back());
    parser_.known_.defined.pop_back();
  }
  if (isolated_) std::swap(outer_, parser_.known_.scope);
}

void Parser::block_arguments(Block& block) {
  in_.expect("(");
  if (in_.peek() != ')') do {
      in_.peek();
      const std::size_t at = in_.offset();
      const std::string_view name = value_name();
      in_.expect(":");
      const Type* t = type();
      location();
      block.arguments.push_back(define(name, -1, t, at));
    } while (in_.take(","));
  in_.expect(")");
}

void Parser::block_body(Block& block) {
  while (in_.peek() != '}') {
    if (in_.peek() == '^') in_.refuse("regions of several blocks are not supported");
    if (in_.at_end()) in_.refuse("expected '}'");
    block.ops.push_back(operation());
  }
  in_.expect("}");
}

Block Parser::region() {
  const ir::Nesting level = nested();
  const Scope scope(*this, false);
  Block block;
  in_.expect("{");
  if (in_.take("^")) {
    in_.word("a block's name");
    if (in_.peek() == '(') block_arguments(block);
    in_.expect(":");
  }
  block_body(block);
  return block;
}

// ---- Operations ----

Op Parser::operation() {
  const ir::Nesting level = nested();
  std::vector<ResultGroup> groups;
  if (in_.peek() == '%') {
    do {
      in_.peek();
      ResultGroup g;
      g.offset = in_.offset();
      g.name = value_name();
      if (in_.raw() == ':') {
        in_.expect(":");
        g.count = small_number(in_.number());
        if (g.count < 1) in_.refuse_at(g.offset, "a group of results has at least one");
      }
      groups.push_back(g);
    } while (in_.take(","));
    in_.expect("=");
  }
  in_.peek();
  Op op;
  op.offset = static_cast<std::uint32_t>(in_.offset());
  std::vector<const Type*> result_types;
  const bool quoted = in_.peek() == '"';
  if (quoted) {
    op.name = in_.string();
  } else {
    const std::string_view word = in_.word("an operation");
    if (word == "call" || word == "return") op.name = "func.";
    op.name += word;
  }
  op.rule = op_rule(op.name);
  quoted ? generic(op, result_types) : custom(op, result_types);
  if (op.name.starts_with("check.") || op.name.starts_with("interpreter."))
    module_->for_interpreter = true;
  location();
  std::sort(op.attrs.begin(), op.attrs.end(),
            [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
  op.reading = reading_cost(op);
  std::size_t wanted = 0;
  for (const ResultGroup& g : groups)
    if (__builtin_add_overflow(wanted, g.count == 0 ? 1 : g.count, &wanted))
      in_.refuse_at(g.offset, "more results are named than can be counted");
  if (!groups.empty() && wanted != result_types.size())
    in_.refuse_at(op.offset, fmt::format("{} gives {} results, {} are named", op.name,
                                         result_types.size(), wanted));
  std::size_t next = 0;
  for (const ResultGroup& g : groups) {
    if (g.count == 0) {
      op.results.push_back(define(g.name, -1, result_types[next++], g.offset));
      continue;
    }
    for (std::int64_t i = 0; i < g.count; ++i)
      op.results.push_back(define(g.name, static_cast<int>(i), result_types[next++], g.offset));
  }
  if (groups.empty())
    for (const Type* t : result_types) {
      op.results.push_back(static_cast<ValueId>(module_->values.size()));
      module_->values.push_back({t, "", -1});
    }
  return op;
}

void Parser::operands_in_brackets(Op& op) {
  in_.expect("(");
  if (in_.peek() != ')') do {
      op.operands.push_back(operand());
    } while (in_.take(","));
  in_.expect(")");
}

void Parser::function_types(Op& op, std::vector<const Type*>& results) {
  in_.peek();
  const std::size_t at = in_.offset();
  op.operand_types = type_list();
  in_.expect("->");
  results = in_.peek() == '(' ? type_list() : std::vector<const Type*>{type()};
  check_operand_types(op, at);
}

void Parser::check_operand_types(const Op& op, std::size_t at) {
  if (op.operand_types.size() != op.operands.size())
    in_.refuse_at(
        at, fmt::format("{} operands, but {} types", op.operands.size(), op.operand_types.size()));
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    const Type* own = module_->type_of(op.operands[i]);
    if (own != op.operand_types[i] && own->text() != op.operand_types[i]->text())
      in_.refuse_at(at,
                    fmt::format("operand %{} is {}, not {}", module_->values[op.operands[i]].name,
                                own->text(), op.operand_types[i]->text()));
  }
}

void Parser::generic(Op& op, std::vector<const Type*>& results) {
  operands_in_brackets(op);
  if (in_.peek() == '[') in_.refuse("successors are not supported");
  if (in_.take("<")) {
    op.attrs = attr_dict(true);
    in_.expect(">");
  }
  if (in_.peek() == '(') {
    in_.expect("(");
    if (in_.peek() != ')') do {
        op.regions.push_back(region());
      } while (in_.take(","));
    in_.expect(")");
  }
  if (in_.peek() == '{')
    for (NamedAttr& a : attr_dict()) op.attrs.push_back(std::move(a));
  in_.expect(":");
  function_types(op, results);
}

// ---- Modules ----

void Parser::function(bool) {
  Function f;
  f.offset = static_cast<std::uint32_t>(in_.offset());
  const Scope scope(*this, true);
  for (const char* word : {"public", "private", "nested"})
    if (in_.take_word(word)) f.visibility = word;
  f.name = symbol().substr(1);
  define_function(f);
  in_.expect("(");
  if (in_.peek() != ')') do {
      Argument a;
      in_.peek();
      const std::size_t at = in_.offset();
      if (in_.peek() == '%') {
        const std::string_view name = value_name();
        in_.expect(":");
        a.value = define(name, -1, type(), at);
      } else {
        a.value = static_cast<ValueId>(module_->values.size());
        const Type* t = type();
        module_->values.push_back({t, "", -1});
      }
      if (in_.peek() == '{') a.attrs = attr_dict();
      location();
      f.arguments.push_back(std::move(a));
    } while (in_.take(","));
  in_.expect(")");
  if (in_.take("->")) {
    if (in_.take("(")) {
      if (in_.peek() != ')') do {
          const Type* t = type();
          f.results.emplace_back(t, in_.peek() == '{' ? attr_dict() : std::vector<NamedAttr>{});
        } while (in_.take(","));
      in_.expect(")");
    } else {
      f.results.emplace_back(type(), std::vector<NamedAttr>{});
    }
  }
  if (in_.take_word("attributes")) f.attrs = attr_dict();
  for (const Argument& a : f.arguments) f.body.arguments.push_back(a.value);
  f.declared_only = in_.peek() != '{';
  for (const Argument& a : f.arguments)
    if (!f.declared_only && module_->values[a.value].name.empty())
      in_.refuse("expected no body, as arguments have no names");
  if (in_.take("{")) block_body(f.body);
  location();
  module_->order.emplace_back(true, module_->functions.size());
  module_->functions.push_back(std::move(f));
}

void Parser::define_function(const Function& f) {
  if (!known_.functions.insert(f.name).second)
    in_.refuse_at(f.offset, "function @" + f.name + " is defined already");
}

// "func.func"() <{function_type = …, sym_name = …}> ({ … }) : () -> ()
void Parser::generic_function(Op op) {
  Function f;
  f.offset = op.offset;
  const Attr* name = op.attr("sym_name");
  const Attr* type = op.attr("function_type");
  if (!name || !type || !type->type || type->type->kind != Type::Kind::kFunction ||
      op.regions.size() > 1)
    in_.refuse_at(op.offset, "a function has sym_name, function_type and a region");
  f.name = name->text;
  define_function(f);
  if (const Attr* visibility = op.attr("sym_visibility")) f.visibility = visibility->text;
  const auto dict_of = [&](const char* key, std::size_t i) {
    std::vector<NamedAttr> out;
    const Attr* all = op.attr(key);
    if (all && i < all->items.size())
      for (std::size_t k = 0; k < all->items[i].keys.size(); ++k)
        out.push_back({all->items[i].keys[k], all->items[i].items[k], false});
    return out;
  };
  for (std::size_t i = 0; i < type->type->results.size(); ++i)
    f.results.emplace_back(type->type->results[i], dict_of("res_attrs", i));
  if (!op.regions.empty()) f.body = std::move(op.regions[0]);
  f.declared_only = op.regions.empty() || (f.body.ops.empty() && f.body.arguments.empty());
  for (std::size_t i = 0; i < f.body.arguments.size(); ++i)
    f.arguments.push_back({f.body.arguments[i], dict_of("arg_attrs", i)});
  if (f.arguments.size() != type->type->parts.size())
    in_.refuse_at(op.offset, "function_type does not name as many arguments as the region has");
  for (NamedAttr& a : op.attrs)
    if (a.name != "sym_name" && a.name != "function_type" && a.name != "sym_visibility" &&
        a.name != "arg_attrs" && a.name != "res_attrs")
      f.attrs.push_back(std::move(a));
  module_->order.emplace_back(true, module_->functions.size());
  module_->functions.push_back(std::move(f));
}

void Parser::generic_module() {
  operands_in_nothing();
  if (in_.take("<")) {
    take_module_attrs(attr_dict(true));
    in_.expect(">");
  }
  in_.expect("(");
  in_.expect("{");
  if (in_.take("^")) {
    in_.word("a block's name");
    in_.expect(":");
  }
  items();
  in_.expect("}");
  in_.expect(")");
  if (in_.peek() == '{') take_module_attrs(attr_dict());
  in_.expect(":");
  type();
  location();
}

void Parser::operands_in_nothing() {
  in_.expect("(");
  in_.expect(")");
}

void Parser::take_module_attrs(std::vector<NamedAttr> attrs) {
  for (NamedAttr& a : attrs) {
    if (a.name == "sym_name")
      module_->name = a.value.text;
    else
      module_->attrs.push_back(std::move(a));
  }
}

void Parser::items() {
  while (!in_.at_end() && in_.peek() != '}') {
    in_.peek();
    if (in_.take_word("func.func")) {
      function(false);
    } else if (in_.starts("\"func.func\"")) {
      const Scope scope(*this, true);
      generic_function(operation());
    } else if (in_.peek() == '#') {
      alias();
    } else if (in_.peek() == '!') {
      type_alias();
    } else if (starts_module()) {
      nested_module();
    } else if (in_.starts("{-#")) {
      const std::size_t end = in_.text().find("#-}", in_.offset());
      if (end == std::string_view::npos) in_.refuse("'{-#' without its end");
      in_.move_to(end + 3);
    } else {
      Op op = operation();
      module_->order.emplace_back(false, module_->ops.size());
      module_->ops.push_back(std::move(op));
    }
  }
}

void Parser::alias() {
  in_.expect("#");
  const std::string name(in_.word("an alias"));
  in_.expect("=");
  if (in_.take_word("loc")) {
    in_.balanced('(');
    return;
  }
  known_.attr_aliases[name] = attribute();
}

void Parser::type_alias() {
  in_.expect("!");
  const std::string name = "!" + std::string(in_.word("an alias"));
  in_.expect("=");
  known_.type_aliases[name] = type();
}

bool Parser::starts_module() {
  const std::size_t before = in_.offset();
  const bool starts =
      in_.take_word("module") || in_.take_word("builtin.module") || in_.take("\"builtin.module\"");
  in_.move_to(before);
  return starts;
}

void Parser::module() {
  if (in_.take("\"builtin.module\"")) return generic_module();
  if (!in_.take_word("module")) in_.take_word("builtin.module");
  if (in_.peek() == '@') module_->name = symbol().substr(1);
  if (in_.take_word("attributes")) module_->attrs = attr_dict();
  in_.expect("{");
  items();
  in_.expect("}");
  location();
}

void Parser::nested_module() {
  const ir::Nesting level = nested();
  Module inner;
  Module* outer = std::exchange(module_, &inner);
  Known known = std::exchange(known_, {});
  module();
  modules_.push_back(std::move(inner));
  module_ = outer;
  known_ = std::move(known);
}

std::vector<Module> Parser::parse() {
  Module out;
  module_ = &out;
  while (in_.peek() == '#' || in_.peek() == '!') in_.peek() == '#' ? alias() : type_alias();
  starts_module() ? module() : items();
  // Aliases of locations may follow, and other modules.
  while (in_.peek() == '#' || starts_module()) in_.peek() == '#' ? alias() : nested_module();
  if (!in_.at_end()) in_.refuse("expected the end of the module");
  if (modules_.empty() || !out.functions.empty() || !out.ops.empty())
    modules_.insert(modules_.begin(), std::move(out));
  return std::move(modules_);
}

Result<std::vector<Module>> parse(std::string_view text, std::string_view file) {
  std::vector<Module> out;
  const ir::Limits limits;
  constexpr std::string_view kSeparator = "// -----";
  std::size_t start = 0;
  if (text.size() > static_cast<std::size_t>(limits.text_bytes) || text.size() > 0xffffffffu)
    return ir::refused_at(text, file, 0, "the text is too long");
  try {
    for (;;) {
      std::size_t end = text.find(kSeparator, start);
      while (end != std::string_view::npos && end != 0 && text[end - 1] != '\n')
        end = text.find(kSeparator, end + 1);
      const bool last = end == std::string_view::npos;
      Scanner probe(text.substr(0, last ? text.size() : end), start);
      const bool empty = probe.at_end();
      if (!empty) {
        Parser parser(text.substr(0, last ? text.size() : end), start, limits);
        const auto read = [&] { return parser.parse(); };
        for (Module& m : ir::refusing(read, [&] { return parser.offset(); }))
          out.push_back(std::move(m));
      }
      if (last) break;
      start = end + kSeparator.size();
    }
    if (out.empty()) return ir::refused_at(text, file, 0, "there is no module");
  } catch (const ir::Refused& r) {
    return ir::refused_at(text, file, r.offset, r.message);
  }
  return out;
}

}  // namespace jaxsmith::stablehlo
