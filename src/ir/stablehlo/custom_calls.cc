// What JAX lowers to stablehlo.custom_call on the CPU.
#include <fmt/format.h>

#include "ir/stablehlo/op_table.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {
namespace {

std::vector<Datum> data(std::vector<Array> arrays) { return {arrays.begin(), arrays.end()}; }

std::vector<Datum> lapack(const Call& c, std::string_view target) {
  const Attr* config = c.attr("mhlo.backend_config");
  const LapackAttribute attribute = [&](std::string_view key) -> std::int64_t {
    const Attr* a = config ? config->find(key) : nullptr;
    if (!a) invalid(fmt::format("{} has no attribute {}", target, key));
    return Call::integer_of(*a, key);
  };
  std::vector<Array> types;
  for (std::size_t i = 0; i < c.result_count(); ++i) {
    const Type& t = c.result_type(i);
    if (!t.is_array()) invalid("a result is no array");
    types.push_back(t.abstract());
  }
  const auto operands = c.arrays(0, c.size());
  auto out = lapack_call(target, operands, attribute, types);
  if (!out) unsupported(fmt::format("custom call {} is not known", target));
  return data(std::move(*out));
}

// The k best along a dimension; on the CPU it is exact.
std::vector<Datum> approximate_top_k(const Call& c) {
  const Attr* config = c.attr("mhlo.backend_config");
  const Attr *k = config ? config->find("top_k") : nullptr,
             *dim = config ? config->find("reduction_dim") : nullptr;
  if (!k || !dim || c.size() != 4)
    invalid("ApproxTopK takes two arrays and two initial values, and says top_k and reduction_dim");
  const Attr* called = c.attr("called_computations");
  if (!called || called->items.size() != 1) invalid("ApproxTopK calls one comparator");
  if (called->items[0].kind != Attr::Kind::kSymbol) invalid("the comparator is no symbol");
  const std::string name = called->items[0].text.substr(1);
  const std::int64_t d = c.integer_of(*dim, "reduction_dim"), n = c.integer_of(*k, "top_k");
  const Shape declared = c.result_type(0).shape;
  if (c.abstract())
    return data(
        {Array(c.array(0).dtype(), declared, true), Array(c.array(1).dtype(), declared, true)});
  const Body comparator{[&](std::vector<Array> arguments) {
                          std::vector<Array> out;
                          for (const Datum& r : c.call(name, {arguments.begin(), arguments.end()}))
                            out.push_back(r.as_array());
                          return out;
                        },
                        false, std::nullopt, false};
  const auto operands = c.arrays(0, 2);
  auto sorted = sort(operands, d, comparator);
  for (Array& a : sorted) {
    Shape limit = a.shape();
    limit.at(static_cast<std::size_t>(d)) = n;
    a = slice(a, Ints(limit.size(), 0), limit, Ints(limit.size(), 1));
  }
  return data(std::move(sorted));
}

}  // namespace

std::vector<Datum> custom_call(const Call& c) {
  const std::string& target = c.need("call_target_name").text;
  if (target.starts_with("check.")) return check_call(c, std::string_view(target).substr(6));
  if (target.starts_with("lapack_")) return lapack(c, target);
  if (target == "ApproxTopK") return approximate_top_k(c);
  if (target == "Sharding" || target == "annotate_device_placement" ||
      target == "LayoutConstraint") {
    if (c.size() != 1) invalid(target + " takes one operand");
    return {c.datum(0)};
  }
  if (target == "mhlo.topk" || target == "stablehlo.topk") {
    const Attr* attributes = c.attr("mhlo.attributes");
    const Attr* k = attributes ? attributes->find("k") : nullptr;
    if (!k) invalid(target + " has no k");
    const Attr* largest = attributes->find("largest");
    return data(top_k(c.array(0), c.integer_of(*k, "k"), !largest || largest->text != "false"));
  }
  if (target.starts_with("mhlo.") || target.starts_with("chlo.") ||
      target.starts_with("stablehlo.")) {
    if (const auto op = unary_named(std::string_view(target).substr(target.find('.') + 1));
        op && c.size() == 1)
      return {unary(*op, c.array(0))};
  }
  unsupported(fmt::format("custom call {} is not known", target));
}

}  // namespace jaxsmith::stablehlo
