// Operations in their custom assembly forms.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/dialect_attributes.h"
#include "ir/stablehlo/op_table.h"
#include "ir/stablehlo/parser_state.h"

namespace jaxsmith::stablehlo {

void Parser::set(Op& op, std::string_view name, Attr value) {
  op.attrs.push_back({std::string(name), std::move(value), true});
}

// [1, 2] as array<i64: 1, 2>, or where these may stand [true, false] as array<i1: true, false>
Attr Parser::ints_attr(bool bools) {
  Attr a;
  a.kind = Attr::Kind::kDenseArray;
  a.text = "i64";
  in_.expect("[");
  if (in_.peek() != ']') do {
      Attr item;
      item.kind = Attr::Kind::kNumber;
      in_.peek();
      const std::size_t at = in_.offset();
      const bool word = bools && (in_.starts("true") || in_.starts("false"));
      if (!a.items.empty() && word != (a.text == "i1"))
        in_.refuse("expected numbers or truth values alone");
      if (word) a.text = "i1";
      item.text = word ? std::string(in_.word("a bool")) : number_as(in_.number(), "i64", in_, at);
      a.items.push_back(std::move(item));
    } while (in_.take(","));
  in_.expect("]");
  return a;
}

Attr Parser::enum_attr(std::string_view mnemonic) {
  Attr a;
  a.kind = Attr::Kind::kDialect;
  a.text = "stablehlo";
  a.body = std::string(mnemonic) + " " + enumerator(mnemonic);
  return a;
}

void Parser::optional_attrs(Op& op) {
  if (in_.peek() != '{') return;
  std::vector<NamedAttr> more = attr_dict();
  for (const NamedAttr& a : more)  // which has none twice
    if (op.attr(a.name)) in_.refuse("attribute '" + a.name + "' stands twice");
  std::move(more.begin(), more.end(), std::back_inserter(op.attrs));
}

void Parser::rest_of_operands(Op& op) {
  if (in_.take("(")) {  // no operands
    in_.expect(")");
    return;
  }
  if (in_.peek() != '%') return;
  op.operands.push_back(operand());
  while (in_.peek() == ',') {
    // The comma may be that of what follows the operands.
    const std::size_t before = in_.offset();
    in_.expect(",");
    if (in_.peek() != '%') {
      in_.move_to(before);
      return;
    }
    op.operands.push_back(operand());
  }
}

// `<name:kind>` without its brackets.
void Parser::format_attribute(std::string_view field, Op& op) {
  const std::size_t colon = field.find(':');
  const std::string_view name = field.substr(0, colon), kind = field.substr(colon + 1);
  if (kind == "ints") {
    set(op, name, ints_attr());
  } else if (kind == "int") {
    Attr a;
    a.kind = Attr::Kind::kNumber;
    in_.peek();
    const std::size_t at = in_.offset();
    const std::string type = name == "index" ? "i32" : "i64";
    a.text = number_as(in_.number(), type, in_, at);
    a.type = intern({Type::Kind::kScalar, type, DType::kI64, {}, "", {}, {}});
    set(op, name, std::move(a));
  } else if (kind == "bool") {
    Attr a;
    a.kind = Attr::Kind::kBool;
    a.text = std::string(in_.word("true or false"));
    if (a.text != "true" && a.text != "false") in_.refuse("expected true or false");
    set(op, name, std::move(a));
  } else if (kind == "string") {
    Attr a;
    a.kind = Attr::Kind::kString;
    a.text = in_.string();
    set(op, name, std::move(a));
  } else if (kind == "symbol") {
    Attr a;
    a.kind = Attr::Kind::kSymbol;
    a.text = symbol();
    set(op, name, std::move(a));
  } else if (kind == "precision") {
    in_.peek();
    const std::size_t at = in_.offset();
    Scanner format(in_.word("e#m#"));
    for (const char* part : {"exponent_bits", "mantissa_bits"}) {
      Attr a;
      a.kind = Attr::Kind::kNumber;
      if (!format.take(part[0] == 'e' ? "e" : "m") || !is_digit(format.raw()))
        in_.refuse_at(at, "expected e#m#, the bits of the exponent and of the mantissa");
      a.text = number_as(format.digits("bits"), "i32", in_, at);
      a.type = intern({Type::Kind::kScalar, "i32", DType::kI32, {}, "", {}, {}});
      set(op, part, std::move(a));
    }
    if (!format.at_end()) in_.refuse_at(at, "expected e#m#, and no more");
  } else {
    set(op, name, enum_attr(kind));
  }
}

void Parser::types_of_format(Types types, Op& op, Results& results) {
  in_.peek();
  const std::size_t at = in_.offset();
  const auto all_operands = [&](const Type* t) { op.operand_types.assign(op.operands.size(), t); };
  const auto own_types = [&] {
    for (const ValueId v : op.operands) op.operand_types.push_back(module_->type_of(v));
  };
  if (types == Types::kNone) return;
  if (types == Types::kList && op.operands.empty() && in_.peek() != ':') return;
  in_.expect(":");
  if (types == Types::kFunction || in_.peek() == '(') {
    if (types != Types::kList && types != Types::kArrow) return function_types(op, results);
  }
  switch (types) {
    case Types::kSame:
      results = {type()};
      all_operands(results[0]);
      break;
    case Types::kResult:
      results = {type()};
      break;
    case Types::kArrow:
    case Types::kList: {
      op.operand_types.clear();
      do {
        op.operand_types.push_back(type());
      } while (in_.take(","));
      if (types == Types::kArrow) {
        in_.expect("->");
        if (in_.peek() == '(')
          results = type_list();
        else
          results = {type()};
      } else if (op.name == "stablehlo.optimization_barrier") {
        results = op.operand_types;
      }
      break;
    }
    case Types::kSelect: {
      const Type* predicate = type();
      in_.expect(",");
      results = {type()};
      op.operand_types = {predicate, results[0], results[0]};
      break;
    }
    default:
      results = {type()};
      own_types();
  }
  check_operand_types(op, at);
}

void Parser::by_format(const Format& format, Op& op, Results& results) {
  std::string_view form = format.form;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const char c = form[i];
    if (c == '%' && i + 1 < form.size() && form[i + 1] == '*') {
      rest_of_operands(op);
      ++i;
    } else if (c == '%') {
      op.operands.push_back(operand());
    } else if (c == '<') {
      const std::size_t end = form.find('>', i);
      format_attribute(form.substr(i + 1, end - i - 1), op);
      i = end;
    } else if (c == '{') {
      // A part that may be missing begins with a comma.
      const std::size_t end = form.find('}', i);
      if (in_.peek() != ',') i = end;
    } else if (is_letter(c)) {
      std::size_t end = i;
      while (end < form.size() && is_word(form[end])) ++end;
      in_.expect_word(form.substr(i, end - i));
      i = end - 1;
    } else if (c != '}' && c != ' ') {
      in_.expect(std::string_view(&c, 1));
    }
  }
  optional_attrs(op);
  types_of_format(format.types, op, results);
}

void Parser::custom(Op& op, Results& results) {
  const std::string_view name = op.name;
  if (const Format* form = op.rule ? op.rule->form() : nullptr)
    return by_format(*form, op, results);
  if (name == "stablehlo.constant" || name == "chlo.constant") return constant(op, results);
  if (name == "stablehlo.slice") return slice(op, results);
  if (name == "stablehlo.dot_general" || name == "stablehlo.dot") return dot_general(op, results);
  if (name == "stablehlo.convolution" || name == "stablehlo.dynamic_conv")
    return convolution(op, results);
  if (name == "stablehlo.reduce") return reduce(op, results);
  if (name == "stablehlo.while") return while_loop(op, results);
  if (name == "stablehlo.custom_call") return custom_call(op, results);
  if (name == "chlo.scan") return scan(op, results);
  if (name == "sdy.manual_computation") return manual_computation(op, results);
  if (name == "sdy.sharding_constraint") return sharding_constraint(op, results);
  if (name == "sdy.mesh") return mesh(op);
  if (name.starts_with("check.") || name.starts_with("interpreter."))
    return test_operation(op, results);
  in_.refuse_at(op.offset, "unknown operation " + op.name +
                               "; unknown ones are read in the generic form, \"" + op.name +
                               "\"(…)");
}

// Of StableHLO's own tests:
//   check.expect_eq %a, %b : T, T
//   check.expect_eq_const %a, dense<…> : T, tolerance = 0.1
//   check.eq %a, dense<…> : T
//   %b = interpreter.probe %a, probe_id = "x" : T
void Parser::test_operation(Op& op, Results& results) {
  op.operands.push_back(operand());
  while (in_.take(",")) {
    in_.peek();
    const std::size_t at = in_.offset();
    if (in_.peek() == '%') {
      op.operands.push_back(operand());
    } else if (in_.starts("dense")) {
      Attr value = attribute();
      op.operand_types = {value.type};
      check_operand_types(op, at);
      set(op, "value", std::move(value));
    } else {
      test_attribute(op);
    }
  }
  optional_attrs(op);
  if (op.attr("value")) return;
  in_.expect(":");
  in_.peek();
  const std::size_t at = in_.offset();
  const Type* first = type();
  op.operand_types.assign(op.operands.size(), first);
  for (std::size_t i = 1; in_.take(","); ++i) {
    const Type* next = type();
    if (i >= op.operands.size()) in_.refuse_at(at, "there are more types than operands");
    op.operand_types[i] = next;
  }
  check_operand_types(op, at);
  if (op.name == "interpreter.probe" || op.name == "interpreter.print") results = {first};
}

// name = value. A type that follows is the operands', or the number's own where another follows.
void Parser::test_attribute(Op& op) {
  const std::string name(in_.word("an attribute's name"));
  in_.expect("=");
  in_.peek();
  const std::size_t at = in_.offset();
  Attr value;
  value.kind = in_.peek() == '"' ? Attr::Kind::kString : Attr::Kind::kNumber;
  value.text = in_.peek() == '"' ? in_.string() : std::string(in_.number());
  const std::size_t before = in_.offset();
  if (value.kind == Attr::Kind::kNumber && in_.take(":")) {
    value.type = type();
    if (value.type->kind == Type::Kind::kScalar) {
      value.text = number_as(value.text, value.type->element, in_, at);
    } else {
      value.type = nullptr;
      in_.move_to(before);
    }
  }
  set(op, name, std::move(value));
}

// stablehlo.constant and chlo.constant {attrs} dense<…> : T
void Parser::constant(Op& op, Results& results) {
  if (in_.take("(")) {  // an older form: constant() {value = …} : () -> T
    in_.expect(")");
    if (in_.take("<")) {
      op.attrs = attr_dict(true);
      in_.expect(">");
    }
    optional_attrs(op);
    in_.expect(":");
    return function_types(op, results);
  }
  optional_attrs(op);
  in_.peek();
  const std::size_t at = in_.offset();
  Attr value = attribute();
  if (value.kind != Attr::Kind::kDense) in_.refuse_at(at, "expected dense<…>");
  results = {value.type};
  set(op, "value", std::move(value));
}

// stablehlo.slice %0 [0:1, 2:8:2] : (T) -> T
void Parser::slice(Op& op, Results& results) {
  op.operands.push_back(operand());
  Attr parts[3];
  for (Attr& a : parts) {
    a.kind = Attr::Kind::kDenseArray;
    a.text = "i64";
  }
  const auto add = [](Attr& to, std::string_view number) {
    Attr item;
    item.kind = Attr::Kind::kNumber;
    item.text = std::string(number);
    to.items.push_back(std::move(item));
  };
  in_.expect("[");
  if (in_.peek() != ']') do {
      add(parts[0], in_.number());
      in_.expect(":");
      add(parts[1], in_.number());
      if (in_.take(":"))
        add(parts[2], in_.number());
      else
        add(parts[2], "1");
    } while (in_.take(","));
  in_.expect("]");
  set(op, "start_indices", std::move(parts[0]));
  set(op, "limit_indices", std::move(parts[1]));
  set(op, "strides", std::move(parts[2]));
  optional_attrs(op);
  types_of_format(Types::kFunction, op, results);
}

namespace {

std::string list_text(const Attr& a) {
  std::string out = "[";
  for (std::size_t i = 0; i < a.items.size(); ++i) out += (i ? ", " : "") + a.items[i].text;
  return out + "]";
}

}  // namespace

// %a, %b, batching_dims = [0] x [0], contracting_dims = [1] x [0], precision = [DEFAULT, DEFAULT],
// algorithm = <…>
void Parser::dot_general(Op& op, Results& results) {
  op.operands.push_back(operand());
  in_.expect(",");
  op.operands.push_back(operand());
  std::string batch[2], contracting[2];
  while (in_.take(",")) {
    const std::string_view key = in_.word("a part of dot_general");
    in_.expect("=");
    if (key == "batching_dims" || key == "contracting_dims") {
      std::string* to = key == "batching_dims" ? batch : contracting;
      to[0] = list_text(ints_attr());
      in_.expect("x");
      to[1] = list_text(ints_attr());
    } else if (key == "precision") {
      Attr a;
      a.kind = Attr::Kind::kArray;
      in_.expect("[");
      if (in_.peek() != ']') do {
          a.items.push_back(enum_attr("precision"));
        } while (in_.take(","));
      in_.expect("]");
      set(op, "precision_config", std::move(a));
    } else if (key == "algorithm") {
      Attr a;
      a.kind = Attr::Kind::kDialect;
      a.text = "stablehlo.dot_algorithm";
      in_.expect("<");
      a.body = attribute_body("dot_algorithm", in_);
      in_.expect(">");
      set(op, "algorithm", std::move(a));
    } else {
      in_.refuse("expected batching_dims, contracting_dims, precision or algorithm");
    }
  }
  if (op.name == "stablehlo.dot_general") {
    Attr a;
    a.kind = Attr::Kind::kDialect;
    a.text = "stablehlo.dot";
    const std::pair<const char*, std::string*> parts[] = {
        {"lhs_batching_dimensions", &batch[0]},
        {"rhs_batching_dimensions", &batch[1]},
        {"lhs_contracting_dimensions", &contracting[0]},
        {"rhs_contracting_dimensions", &contracting[1]}};
    for (const auto& [key, value] : parts)
      if (!value->empty() && *value != "[]")
        a.body += (a.body.empty() ? "" : ", ") + std::string(key) + " = " + *value;
    set(op, "dot_dimension_numbers", std::move(a));
  }
  optional_attrs(op);
  types_of_format(Types::kFunction, op, results);
}

// (%a, %b) dim_numbers = …, window = {…} {attrs} : (T, T) -> T
void Parser::convolution(Op& op, Results& results) {
  operands_in_brackets(op);
  in_.expect_word("dim_numbers");
  in_.expect("=");
  Attr dims;
  dims.kind = Attr::Kind::kDialect;
  dims.text = "stablehlo.conv";
  dims.body = convolution_dims(in_);
  set(op, "dimension_numbers", std::move(dims));
  in_.expect(",");
  in_.expect_word("window");
  in_.expect("=");
  in_.expect("{");
  if (in_.peek() != '}') do {
      const std::string_view key = in_.word("a part of the window");
      in_.expect("=");
      if (key == "pad") {
        Attr pad;
        pad.kind = Attr::Kind::kDense;
        const Literal literal = parse_literal(in_, depth_);
        Type t{Type::Kind::kTensor, "i64", DType::kI64, literal.shape, "", {}, {}};
        if (literal.shape.size() != 2 || literal.splat) {
          if (!literal.scalars.empty() || literal.splat) in_.refuse("expected pairs of padding");
          t.shape = {0, 2};
        }
        pad.type = intern(std::move(t));
        pad.dense = std::make_shared<const Array>(array_of(literal, *pad.type, in_));
        set(op, "padding", std::move(pad));
      } else {
        const std::string_view name = key == "stride"       ? "window_strides"
                                      : key == "lhs_dilate" ? "lhs_dilation"
                                      : key == "rhs_dilate" ? "rhs_dilation"
                                      : key == "reverse"    ? "window_reversal"
                                                            : "";
        if (name.empty()) in_.refuse("expected stride, pad, lhs_dilate, rhs_dilate or reverse");
        set(op, name, ints_attr(key == "reverse"));
      }
    } while (in_.take(","));
  in_.expect("}");
  optional_attrs(op);
  in_.expect(":");
  function_types(op, results);
}

// (%a init: %b), (%c init: %d) across dimensions = [0] : (…) -> (…)
//  reducer(%x: T, %y: T) (%z: T, %w: T) { … }
// (%a init: %b) applies stablehlo.add across dimensions = [0] : (…) -> T
void Parser::reduce(Op& op, Results& results) {
  std::vector<ValueId> inits;
  do {
    in_.expect("(");
    op.operands.push_back(operand());
    in_.expect_word("init");
    in_.expect(":");
    inits.push_back(operand());
    in_.expect(")");
  } while (in_.take(","));
  const std::size_t n = inits.size();
  op.operands.insert(op.operands.end(), inits.begin(), inits.end());
  const OpRule* applied = nullptr;
  if (in_.take_word("applies")) {
    in_.peek();
    const std::size_t at = in_.offset();
    applied = op_rule(in_.word("an operation"));
    if (!applied || applied->format.form != "%, %" || applied->format.types != Types::kSame)
      in_.refuse_at(at, "expected an operation on two values of one type");
  }
  in_.expect_word("across");
  in_.expect_word("dimensions");
  in_.expect("=");
  set(op, "dimensions", ints_attr());
  optional_attrs(op);
  in_.expect(":");
  function_types(op, results);
  const Scope scope(*this, false);
  Block body;
  if (applied) {
    const Type* element = op.operand_types[n];
    Op inner;
    inner.name = applied->name;
    inner.rule = applied;
    inner.offset = op.offset;
    for (int i = 0; i < 2; ++i) {
      body.arguments.push_back(static_cast<ValueId>(module_->values.size()));
      module_->values.push_back({element, i ? "rhs" : "lhs", -1});
    }
    inner.operands = body.arguments;
    inner.operand_types = {element, element};
    inner.results = {static_cast<ValueId>(module_->values.size())};
    module_->values.push_back({element, "applied", -1});
    Op last;
    last.name = "stablehlo.return";
    last.rule = op_rule(last.name);
    last.offset = op.offset;
    last.operands = inner.results;
    last.operand_types = {element};
    body.ops.push_back(std::move(inner));
    body.ops.push_back(std::move(last));
  } else {
    in_.expect_word("reducer");
    std::vector<ValueId> second;
    for (std::size_t i = 0; i < n; ++i) {
      Block pair;
      block_arguments(pair);
      if (pair.arguments.size() != 2) in_.refuse("a reducer takes pairs of arguments");
      body.arguments.push_back(pair.arguments[0]);
      second.push_back(pair.arguments[1]);
    }
    body.arguments.insert(body.arguments.end(), second.begin(), second.end());
    location();
    in_.expect("{");
    block_body(body);
  }
  op.regions.push_back(std::move(body));
}

// (%a, %b) inits (%c) dimension=0 [attributes {…}] { ^bb0(%x: T, …): … } : (T, …) -> (T, …)
void Parser::scan(Op& op, Results& results) {
  Attr sizes[2];
  for (const char* name : {"operandSegmentSizes", "resultSegmentSizes"}) {
    Attr& a = sizes[name[0] == 'r'];
    a.kind = Attr::Kind::kDenseArray;
    a.text = "i32";
  }
  const auto add_size = [](Attr& a, std::size_t n) {
    Attr item;
    item.kind = Attr::Kind::kNumber;
    item.text = std::to_string(n);
    a.items.push_back(std::move(item));
  };
  operands_in_brackets(op);
  const std::size_t inputs = op.operands.size();
  in_.expect_word("inits");
  operands_in_brackets(op);
  const std::size_t inits = op.operands.size() - inputs;
  in_.expect_word("dimension");
  in_.expect("=");
  format_attribute("dimension:int", op);
  if (in_.take_word("attributes")) optional_attrs(op);
  op.regions.push_back(region());
  in_.expect(":");
  function_types(op, results);
  if (results.size() < inits) in_.refuse("expected a result for each initial value");
  add_size(sizes[0], inputs);
  add_size(sizes[0], inits);
  add_size(sizes[1], results.size() - inits);
  add_size(sizes[1], inits);
  set(op, "operandSegmentSizes", std::move(sizes[0]));
  set(op, "resultSegmentSizes", std::move(sizes[1]));
}

// (%x = %0, %y = %1) : T, T [attributes {…}] cond { … } do { … }
void Parser::while_loop(Op& op, Results& results) {
  std::vector<std::pair<std::string_view, std::size_t>> names;
  in_.expect("(");
  if (in_.peek() != ')') do {
      in_.peek();
      const std::size_t at = in_.offset();
      names.emplace_back(value_name(), at);
      in_.expect("=");
      op.operands.push_back(operand());
    } while (in_.take(","));
  in_.expect(")");
  in_.peek();
  const std::size_t at = in_.offset();
  if (in_.take(":")) do {
      op.operand_types.push_back(type());
    } while (in_.take(","));
  check_operand_types(op, at);
  results = op.operand_types;
  if (in_.take_word("attributes")) optional_attrs(op);
  for (const char* word : {"cond", "do"}) {
    if (!in_.take_word(word)) in_.refuse(std::string("expected '") + word + "'");
    const Scope scope(*this, false);
    Block block;
    for (std::size_t i = 0; i < names.size(); ++i)
      block.arguments.push_back(define(names[i].first, -1, op.operand_types[i], names[i].second));
    in_.expect("{");
    block_body(block);
    op.regions.push_back(std::move(block));
  }
}

void Parser::custom_call(Op& op, Results& results) {
  Attr target;
  target.kind = Attr::Kind::kString;
  target.text = symbol().substr(1);
  set(op, "call_target_name", std::move(target));
  operands_in_brackets(op);
  optional_attrs(op);
  in_.expect(":");
  function_types(op, results);
}

// (%a) in_shardings=[…] out_shardings=[…] manual_axes={…} (%b: T) { … } : (T) -> T
void Parser::manual_computation(Op& op, Results& results) {
  operands_in_brackets(op);
  for (const char* key : {"in_shardings", "out_shardings", "manual_axes"}) {
    in_.expect_word(key);
    in_.expect("=");
    const char open = in_.peek();
    Attr a;
    a.kind = Attr::Kind::kRaw;
    const char close = open == '[' ? ']' : '}';
    a.text = open + std::string(in_.balanced(open == '[' ? '[' : '{')) + close;
    set(op, key, std::move(a));
  }
  const Scope scope(*this, false);
  Block body;
  block_arguments(body);
  in_.expect("{");
  block_body(body);
  op.regions.push_back(std::move(body));
  optional_attrs(op);
  in_.expect(":");
  function_types(op, results);
}

// sdy.sharding_constraint %a <@mesh, [{}]> : T
void Parser::sharding_constraint(Op& op, Results& results) {
  op.operands.push_back(operand());
  Attr a;
  a.kind = Attr::Kind::kDialect;
  a.text = "sdy.sharding";
  a.body = std::string(in_.balanced('<'));
  set(op, "sharding", std::move(a));
  optional_attrs(op);
  types_of_format(Types::kSame, op, results);
}

// sdy.mesh @name = <["x"=2]>
void Parser::mesh(Op& op) {
  Attr name, value;
  name.kind = Attr::Kind::kString;
  name.text = symbol().substr(1);
  in_.expect("=");
  value.kind = Attr::Kind::kDialect;
  value.text = "sdy.mesh";
  value.body = std::string(in_.balanced('<'));
  set(op, "sym_name", std::move(name));
  set(op, "mesh", std::move(value));
  optional_attrs(op);
}

}  // namespace jaxsmith::stablehlo
