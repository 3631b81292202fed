// Operations that are printed in forms of their own.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/stablehlo/dense.h"
#include "ir/stablehlo/formats.h"
#include "ir/stablehlo/printer_state.h"

namespace jaxsmith::stablehlo {

void Printer::constant(const Op& op) {
  out_ += op.name;
  except(op, {"value"});
  out_ += ' ';
  if (const Attr* v = op.attr("value")) attr(*v);
}

// One operand, and as many starts as limits and strides.
bool Printer::has_slice_form(const Op& op) {
  std::size_t counts[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    constexpr std::string_view kParts[] = {"start_indices", "limit_indices", "strides"};
    const Attr* a = op.attr(kParts[i]);
    if (!is_int_list(a)) return false;
    counts[i] = int_texts(a).size();
  }
  return op.operands.size() == 1 && op.regions.empty() && counts[0] == counts[1] &&
         counts[1] == counts[2];
}

void Printer::slice(const Op& op) {
  out_ += "stablehlo.slice ";
  values(op.operands);
  out_ += " [";
  const auto starts = int_texts(op.attr("start_indices")),
             limits = int_texts(op.attr("limit_indices")), strides = int_texts(op.attr("strides"));
  for (std::size_t i = 0; i < starts.size(); ++i) {
    put("{}{}:{}", i ? ", " : "", starts[i], limits[i]);
    if (strides[i] != "1") out_ += ":" + strides[i];
  }
  out_ += ']';
  except(op, {"start_indices", "limit_indices", "strides"});
  out_ += " : ";
  function_type(op);
}

std::string Printer::list_in(const std::string& body, std::string_view key) {
  const std::size_t at = body.find(std::string(key) + " = [");
  if (at == std::string::npos) return "[]";
  const std::size_t open = body.find('[', at), close = body.find(']', open);
  return body.substr(open, close - open + 1);
}

void Printer::dot_general(const Op& op) {
  out_ += "stablehlo.dot_general ";
  values(op.operands);
  if (const Attr* dims = op.attr("dot_dimension_numbers")) {
    const std::string lhs = list_in(dims->body, "lhs_batching_dimensions"),
                      rhs = list_in(dims->body, "rhs_batching_dimensions");
    if (lhs != "[]" || rhs != "[]") put(", batching_dims = {} x {}", lhs, rhs);
    put(", contracting_dims = {} x {}", list_in(dims->body, "lhs_contracting_dimensions"),
        list_in(dims->body, "rhs_contracting_dimensions"));
  }
  if (const Attr* precision = op.attr("precision_config")) {
    out_ += ", precision = [";
    for (std::size_t i = 0; i < precision->items.size(); ++i) {
      if (i) out_ += ", ";
      out_ += enum_word(precision->items[i]);
    }
    out_ += ']';
  }
  if (const Attr* algorithm = op.attr("algorithm")) put(", algorithm = <{}>", algorithm->body);
  except(op, {"dot_dimension_numbers", "precision_config", "algorithm"});
  out_ += " : ";
  function_type(op);
}

namespace {

bool is_list_of_pairs(const Attr& a) {
  return a.kind == Attr::Kind::kDense && a.type->shape.size() == 2 &&
         a.type->shape[0] <= kLongestList && a.type->shape[1] == 2 &&
         tensor::lane_of(a.dense->dtype()) == tensor::Lane::kInt;
}

}  // namespace

void Printer::convolution(const Op& op) {
  out_ += "stablehlo.convolution(";
  values(op.operands);
  put(") dim_numbers = {}, window = {{", op.attr("dimension_numbers")->body);
  bool first = true;
  const std::pair<const char*, const char*> parts[] = {{"stride", "window_strides"},
                                                       {"pad", "padding"},
                                                       {"lhs_dilate", "lhs_dilation"},
                                                       {"rhs_dilate", "rhs_dilation"},
                                                       {"reverse", "window_reversal"}};
  for (const auto& [key, name] : parts) {
    const Attr* a = op.attr(name);
    if (!a) continue;
    if (!first) out_ += ", ";
    first = false;
    put("{} = ", key);
    if (is_list_of_pairs(*a)) {
      out_ += '[';
      for (std::int64_t i = 0; i < a->type->shape[0]; ++i)
        put("{}[{}, {}]", i ? ", " : "", a->dense->int_at(a->splat ? 0 : 2 * i),
            a->dense->int_at(a->splat ? 0 : 2 * i + 1));
      out_ += ']';
    } else {
      bare_ints(a);
    }
  }
  out_ += '}';
  except(op, {"dimension_numbers", "window_strides", "padding", "lhs_dilation", "rhs_dilation",
              "window_reversal"});
  out_ += " : ";
  function_type(op);
}

// A body of one operation on its two arguments, in order, is written as "applies".
bool Printer::applies_one(const Op& op) {
  const Block& b = op.regions[0];
  if (b.arguments.size() != 2 || b.ops.size() != 2 || b.ops[1].name != "stablehlo.return")
    return false;
  const Op& inner = b.ops[0];
  return inner.operands == b.arguments && inner.results.size() == 1 &&
         b.ops[1].operands == inner.results && inner.attrs.empty() && inner.regions.empty() &&
         inner.name.starts_with("stablehlo.") && inner.name != "stablehlo.subtract" &&
         b.ops[1].attrs.empty();
}

// Not so of some that were read in the generic form.
bool Printer::has_reduce_form(const Op& op) {
  return op.regions.size() == 1 && !op.operands.empty() && op.operands.size() % 2 == 0 &&
         op.regions[0].arguments.size() == op.operands.size() && is_int_list(op.attr("dimensions"));
}

void Printer::reduce(const Op& op) {
  out_ += "stablehlo.reduce";
  const std::size_t n = op.operands.size() / 2;
  for (std::size_t i = 0; i < n; ++i) {
    out_ += i ? ", (" : "(";
    value(op.operands[i]);
    out_ += " init: ";
    value(op.operands[n + i]);
    out_ += ')';
  }
  const bool one = applies_one(op) && same_types_in(op);
  if (one) out_ += " applies " + op.regions[0].ops[0].name;
  out_ += " across dimensions = ";
  bare_ints(op.attr("dimensions"));
  except(op, {"dimensions"});
  out_ += " : ";
  function_type(op);
  if (one) return;
  out_ += '\n';
  pad();
  out_ += " reducer";
  const Block& b = op.regions[0];
  for (std::size_t i = 0; i < n; ++i) {
    out_ += '(';
    value(b.arguments[i]);
    out_ += ": " + m_.type_of(b.arguments[i])->text() + ", ";
    value(b.arguments[n + i]);
    out_ += ": " + m_.type_of(b.arguments[n + i])->text() + ") ";
  }
  out_ += " {\n";
  ++depth_;
  block(b);
  --depth_;
  pad();
  out_ += '}';
}

bool Printer::same_types_in(const Op& op) const {
  const Block& b = op.regions[0];
  const std::string t = m_.type_of(b.arguments[0])->text();
  return m_.type_of(b.arguments[1])->text() == t && m_.type_of(b.ops[0].results[0])->text() == t &&
         is_commutative(b.ops[0].name);
}

// StableHLO writes "applies" for these alone (isEligibleForCompactPrint).
bool Printer::is_commutative(std::string_view name) {
  for (std::string_view known : {"add", "multiply", "maximum", "minimum", "and", "or", "xor"})
    if (name.substr(10) == known) return true;
  return false;
}

// A loop's two regions have one set of names in this form, which they need not have in others.
void Printer::name_alike(const Block& cond, const Block& body) {
  bool alike = cond.arguments.size() == body.arguments.size();
  for (std::size_t i = 0; alike && i < cond.arguments.size(); ++i)
    alike = m_.values[cond.arguments[i]].name == m_.values[body.arguments[i]].name;
  if (alike) return;
  if (names_.empty())
    for (const Value& v : m_.values) names_.insert(v.name);
  for (std::size_t i = 0; i < std::min(cond.arguments.size(), body.arguments.size()); ++i) {
    std::string name = "iterArg";
    while (!names_.insert(name).second) name = fmt::format("iterArg_{}", name_number_++);
    own_names_[cond.arguments[i]] = own_names_[body.arguments[i]] = name;
  }
}

bool Printer::has_while_form(const Op& op) {
  return op.regions.size() == 2 && op.regions[0].arguments.size() == op.operands.size() &&
         op.regions[1].arguments.size() == op.operands.size();
}

void Printer::while_loop(const Op& op) {
  out_ += "stablehlo.while(";
  const Block &cond = op.regions[0], &body = op.regions[1];
  name_alike(cond, body);
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    if (i) out_ += ", ";
    value(cond.arguments[i]);
    out_ += " = ";
    value(op.operands[i]);
  }
  out_ += ')';
  if (!op.operands.empty()) out_ += " : ";
  types(op.operand_types);
  if (!op.attrs.empty()) {
    out_ += " attributes ";
    dict(op.attrs);
  }
  out_ += '\n';
  pad();
  out_ += "cond {\n";
  ++depth_;
  block(cond);
  pad();
  out_ += "} do {\n";
  block(body);
  --depth_;
  pad();
  out_ += '}';
}

void Printer::custom_call(const Op& op) {
  out_ += "stablehlo.custom_call @" +
          symbol_text(op.attr("call_target_name") ? op.attr("call_target_name")->text : "") + "(";
  values(op.operands);
  out_ += ')';
  except(op, {"call_target_name"});
  out_ += " : ";
  function_type(op);
}

void Printer::manual_computation(const Op& op) {
  out_ += "sdy.manual_computation(";
  values(op.operands);
  out_ += ')';
  for (const char* key : {"in_shardings", "out_shardings", "manual_axes"})
    if (const Attr* a = op.attr(key)) put(" {}={}", key, a->text);
  out_ += " (";
  const Block& b = op.regions[0];
  for (std::size_t i = 0; i < b.arguments.size(); ++i) {
    if (i) out_ += ", ";
    value(b.arguments[i]);
    out_ += ": " + m_.type_of(b.arguments[i])->text();
  }
  out_ += ") {\n";
  ++depth_;
  block(b);
  --depth_;
  pad();
  out_ += '}';
  except(op, {"in_shardings", "out_shardings", "manual_axes"});
  out_ += " : ";
  function_type(op);
}

void Printer::sharding_constraint(const Op& op) {
  out_ += "sdy.sharding_constraint ";
  values(op.operands);
  if (const Attr* a = op.attr("sharding")) put(" <{}>", a->body);
  except(op, {"sharding"});
  format_types(Types::kSame, op);
}

void Printer::mesh(const Op& op) {
  const Attr *name = op.attr("sym_name"), *value = op.attr("mesh");
  put("sdy.mesh @{} = <{}>", name ? symbol_text(name->text) : "", value ? value->body : "");
  except(op, {"sym_name", "mesh"});
}

// Of numbers the text alone, since the operation knows their types.
void Printer::test_operation(const Op& op) {
  out_ += op.name + " ";
  values(op.operands);
  const Attr* value = op.attr("value");
  if (value) {
    out_ += ", ";
    attr(*value);
  }
  for (const NamedAttr& a : op.attrs) {
    if (a.name == "value") continue;
    put(", {} = ", a.name);
    if (a.value.kind == Attr::Kind::kNumber)
      out_ += a.value.text;
    else
      attr(a.value);
  }
  if (!value) format_types(Types::kList, op);
}

bool Printer::has_test_form(const Op& op) {
  return !op.operands.empty() && op.regions.empty() &&
         std::all_of(op.attrs.begin(), op.attrs.end(), [](const NamedAttr& a) {
           const bool plain =
               a.value.kind == Attr::Kind::kNumber || a.value.kind == Attr::Kind::kString;
           return a.name == "value" ? a.value.kind == Attr::Kind::kDense
                                    : plain && bare_key(a.name);
         });
}

// How many operands are inputs; nothing where the form cannot say it.
std::optional<std::size_t> Printer::scan_inputs(const Op& op) {
  const Attr *sizes = op.attr("operandSegmentSizes"), *dimension = op.attr("dimension");
  if (!sizes || sizes->items.size() != 2 || op.regions.size() != 1 || !dimension ||
      dimension->kind != Attr::Kind::kNumber)
    return std::nullopt;
  const auto size = [&](std::size_t i) {
    return std::strtoull(sizes->items[i].text.c_str(), nullptr, 10);
  };
  if (size(0) > op.operands.size() || size(1) != op.operands.size() - size(0) ||
      size(1) > op.results.size())
    return std::nullopt;
  return size(0);
}

void Printer::scan(const Op& op, std::size_t inputs) {
  const auto middle = op.operands.begin() + static_cast<std::ptrdiff_t>(inputs);
  out_ += "chlo.scan(";
  values({op.operands.begin(), middle});
  out_ += ") inits (";
  values({middle, op.operands.end()});
  put(") dimension={} ", op.attr("dimension")->text);
  std::vector<NamedAttr> rest;
  for (const NamedAttr& a : op.attrs)
    if (a.name != "dimension" && !a.name.ends_with("SegmentSizes")) rest.push_back(a);
  if (!rest.empty()) {
    out_ += " attributes ";
    dict(rest);
  }
  out_ += ' ';
  region(op.regions[0]);
  out_ += " : ";
  function_type(op);
}

}  // namespace jaxsmith::stablehlo
