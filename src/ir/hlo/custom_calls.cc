// What JAX lowers to custom-call on the CPU, and what XLA:CPU makes of some operations.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "ir/hlo/op_table.h"
#include "tensor/lapack.h"
#include "tensor/movement.h"

namespace jaxsmith::hlo {
namespace {

// As declared: one array, or a tuple of any number.
Datum as_declared(const Call& c, std::vector<Array> arrays) {
  if (!c.shape().tuple()) {
    tensor::require(!arrays.empty(), "there is no result");
    return std::move(arrays[0]);
  }
  return Datum::tuple({arrays.begin(), arrays.end()});
}

// The number behind "key = " in {diag = 78 : ui8, uplo = 76 : ui8, unit = true}.
std::optional<std::int64_t> entry_of(std::string_view config, std::string_view key) {
  const std::string_view between = " ,{}\n\t";
  for (std::size_t at = config.find(key); at != std::string_view::npos;
       at = config.find(key, at + 1)) {
    if (at == 0 || between.find(config[at - 1]) == std::string_view::npos) continue;
    std::string_view rest = config.substr(at + key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n\t"), rest.size()));
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \n\t"), rest.size()));
    if (rest.starts_with("true")) return 1;
    if (rest.starts_with("false")) return 0;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

Datum lapack(const Call& c, const std::string& target) {
  const AttributeValue* a = c.attribute("backend_config");
  const std::string config = a ? a->as_string().value_or("") : "";
  const tensor::LapackAttribute attribute = [&](std::string_view key) -> std::int64_t {
    const auto value = entry_of(config, key);
    if (!value) invalid(fmt::format("{} has no integer {} in its backend_config", target, key));
    return *value;
  };
  const auto operands = c.arrays(0, c.size());
  auto out = tensor::lapack_call(target, operands, attribute, c.result_types());
  if (!out) tensor::unknown_operation("custom call", target);
  return as_declared(c, std::move(*out));
}

// XLA:CPU's form of topk: the largest, as many as the result's type says.
Datum top_k_call(const Call& c) {
  const auto types = c.result_types();
  if (c.size() != 1 || types.size() != 2 || types[0].rank() == 0)
    invalid("TopK takes an array and gives values and where they stood");
  return as_declared(c, tensor::top_k(c.array(0), types[0].shape().back()));
}

// Says where an array lies; on one device it is the same array before and behind it.
Datum placement(const Call& c, const std::string& target) {
  if (c.size() != 1 || !has_type(c.datum(0), c.shape()))
    tensor::unknown_operation("custom call", target);
  return c.datum(0);
}

}  // namespace

Datum custom_call(const Call& c) {
  const std::string target = c.need("custom_call_target").as_string().value_or("");
  if (target.starts_with("lapack_")) return lapack(c, target);
  if (target == "TopK") return top_k_call(c);
  if (target == "xla.sdy.GlobalToLocalShape") return shape_change(c, true);
  if (target == "xla.sdy.LocalToGlobalShape") return shape_change(c, false);
  if (target == "Sharding" || target == "SPMDFullToShardShape" ||
      target == "SPMDShardToFullShape" || target == "annotate_device_placement" ||
      target == "LayoutConstraint")
    return placement(c, target);
  tensor::unknown_operation("custom call", target);
}

}  // namespace jaxsmith::hlo
