// LAPACK's routines as JAX has called them on the CPU: by XLA's typed interface
// ("lapack_sgetrf_ffi", attributes in mhlo.backend_config), and before that ("lapack_sgetrf",
// "blas_strsm") with options and sizes as scalar operands in front, and results that are only room
// to work in.
#include <fmt/format.h>

#include <algorithm>

#include "ir/stablehlo/rules.h"
#include "tensor/elementwise.h"
#include "tensor/lapack.h"

namespace jaxsmith::stablehlo {
namespace {

std::vector<Array> declared_arrays(const Call& c) {
  std::vector<const Type*> types;
  for (std::size_t i = 0; i < c.result_count(); ++i) types.push_back(&c.result_type(i));
  if (types.size() == 1 && types[0]->kind == Type::Kind::kTuple) types = types[0]->parts;
  std::vector<Array> out;
  for (const Type* t : types) {
    if (!t->is_array()) invalid("a result is no array");
    out.push_back(t->abstract());
  }
  return out;
}

std::vector<Datum> as_declared(const Call& c, const std::vector<Array>& arrays) {
  std::vector<Datum> data(arrays.begin(), arrays.end());
  if (c.result_count() == 1 && c.result_type().kind == Type::Kind::kTuple)
    return {Datum::tuple(std::move(data))};
  return data;
}

// Operands and types of results; operands that indices_of_shape_operands names are the dimensions
// of the results.
struct Shaped {
  std::vector<Array> operands, results;

  explicit Shaped(const Call& c) {
    const Ints indices = c.ints("indices_of_shape_operands");
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < c.size(); ++i) {
      if (std::find(indices.begin(), indices.end(), static_cast<std::int64_t>(i)) == indices.end())
        operands.push_back(c.array(i));
      else if (!c.abstract())
        shapes.push_back(integers_of(c.array(i)));
    }
    if (shapes.empty()) {
      results = declared_arrays(c);
      return;
    }
    if (shapes.size() != c.result_count())
      invalid("indices_of_shape_operands does not name an operand for each result");
    for (std::size_t i = 0; i < c.result_count(); ++i) {
      const Type& t = c.result_type(i);
      if (!t.dtype) invalid("a result is no array");
      results.push_back(Array::typed(*t.dtype, shapes[i]));
    }
  }
};

// ---- The older interface ----

// How a routine was called: the scalars in front by name; for each result the number of the same
// one in the typed interface, kRoom for room to work in, which those that follow the list are too.
struct OlderInterface {
  std::string_view name;
  std::vector<std::string_view> scalars;
  std::vector<int> of_real, of_complex;

  const std::vector<int>& results(bool complex) const {
    return complex && !of_complex.empty() ? of_complex : of_real;
  }
};

constexpr int kRoom = -1;

const std::vector<OlderInterface>& older_interfaces() {
  static const auto* all = new std::vector<OlderInterface>{
      {"trsm", {"left", "lower", "transpose", "unit", "m", "n", "batch", "alpha"}, {0}, {}},
      {"potrf", {"lower", "batch", "n"}, {0, 1}, {}},
      {"getrf", {"batch", "m", "n"}, {0, 1, 2}, {}},
      {"geqrf", {"batch", "m", "n", "work"}, {0, 1}, {}},
      {"geqp3", {"batch", "m", "n", "work"}, {0, 1, 2}, {}},
      {"orgqr", {"batch", "m", "n", "k", "work"}, {0}, {}},
      {"ungqr", {"batch", "m", "n", "k", "work"}, {0}, {}},
      {"gesdd", {"full", "vectors", "batch", "m", "n", "work"}, {0, 1, 2, 3, 4}, {}},
      {"syevd", {"lower", "batch", "n"}, {0, 1, 2}, {}},
      {"heevd", {"lower", "batch", "n"}, {0, 1, 2}, {}},
      {"geev",
       {"batch", "n", "compute_left", "compute_right"},
       {kRoom, kRoom, kRoom, 0, 1, 2, 3, 4},
       {kRoom, kRoom, 0, 1, 2, 3}},
      {"gees", {"batch", "n", "mode", "sort"}, {0, 2, 3, 1, 4, 5}, {0, kRoom, 2, 1, 3, 4}},
      {"gehrd", {"n", "low", "high", "leading", "batch", "work"}, {0, 1, 2}, {}},
      {"sytrd", {"n", "lower", "leading", "batch", "work"}, {0, 1, 2, 3, 4}, {}},
      {"hetrd", {"n", "lower", "leading", "batch", "work"}, {0, 1, 2, 3, 4}, {}}};
  return *all;
}

const OlderInterface* older_interface(std::string_view target) {
  if (target.starts_with("blas_")) target.remove_prefix(5);
  if (target.starts_with("lapack_")) target.remove_prefix(7);
  if (target.empty()) return nullptr;
  for (const OlderInterface& i : older_interfaces())
    if (i.name == target.substr(1)) return &i;
  return nullptr;
}

// The typed interface's attributes, of the scalars of a call.
class OlderScalars {
 public:
  OlderScalars(const Call& c, const OlderInterface& interface) {
    for (std::size_t i = 0; i < interface.scalars.size(); ++i) {
      const Array& a = c.array(i);
      if (a.rank() != 0) invalid(fmt::format("operand {} is no scalar", i));
      if (tensor::lane_of(a.dtype()) == tensor::Lane::kInt)
        values_.emplace_back(interface.scalars[i], a.int_at(0));
      else
        factor = a;
    }
  }

  std::int64_t attribute(std::string_view key) const {
    if (key == "side") return get("left") ? 'L' : 'R';
    if (key == "uplo") return get("lower") ? 'L' : 'U';
    if (key == "diag") return get("unit") ? 'U' : 'N';
    if (key == "trans_x") return get("transpose") == 2 ? 'C' : get("transpose") == 1 ? 'T' : 'N';
    if (key == "mode" && has("vectors")) return !get("vectors") ? 'N' : get("full") ? 'A' : 'S';
    return get(key);
  }

  std::optional<Array> factor;  // trsm's

 private:
  bool has(std::string_view key) const {
    return std::any_of(values_.begin(), values_.end(), [&](auto& v) { return v.first == key; });
  }
  std::int64_t get(std::string_view key) const {
    for (const auto& [name, value] : values_)
      if (name == key) return value;
    invalid(fmt::format("the call has no operand for {}", key));
  }

  std::vector<std::pair<std::string_view, std::int64_t>> values_;
};

std::vector<Datum> older_lapack(const Call& c, std::string_view target,
                                const OlderInterface& interface) {
  std::vector<Array> declared = declared_arrays(c);
  const std::size_t scalars = interface.scalars.size();
  if (c.size() <= scalars) invalid(fmt::format("{} takes more than {} operands", target, scalars));
  if (c.abstract()) return as_declared(c, declared);
  const OlderScalars values(c, interface);
  std::vector<Array> operands = c.arrays(scalars, c.size());
  if (values.factor && interface.name == "trsm" && operands.size() == 2)
    operands[1] = tensor::binary(tensor::Binary::multiply, operands[1], *values.factor);
  const auto& order = interface.results(tensor::is_complex(operands[0].dtype()));
  if (declared.size() < order.size())
    invalid(
        fmt::format("{} gives at least {} results, not {}", target, order.size(), declared.size()));
  std::vector<Array> asked(static_cast<std::size_t>(*std::max_element(order.begin(), order.end())) +
                           1);
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != kRoom) asked[static_cast<std::size_t>(order[i])] = declared[i];
  const std::string name = fmt::format("lapack_{}{}", target[target.find('_') + 1], interface.name);
  const auto given = tensor::lapack_call(
      name, operands, [&](std::string_view key) { return values.attribute(key); }, asked);
  if (!given) tensor::unknown_operation("custom call", target);
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const bool room = i >= order.size() || order[i] == kRoom;
    declared[i] = room ? c.make().zeros(declared[i].dtype(), declared[i].shape())
                       : (*given)[static_cast<std::size_t>(order[i])];
  }
  return as_declared(c, declared);
}

}  // namespace

std::vector<Datum> lapack(const Call& c, std::string_view target) {
  const Attr* config = c.attribute("mhlo.backend_config");
  if (!target.ends_with("_ffi") && !config)
    if (const OlderInterface* interface = older_interface(target))
      return older_lapack(c, target, *interface);
  const tensor::LapackAttribute attribute = [&](std::string_view key) -> std::int64_t {
    const Attr* a = config ? config->find(key) : nullptr;
    if (!a) invalid(fmt::format("{} has no attribute {}", target, key));
    return Call::integer_of(*a, key);
  };
  const Shaped shaped(c);
  const auto out = tensor::lapack_call(target, shaped.operands, attribute, shaped.results);
  if (!out) tensor::unknown_operation("custom call", target);
  return as_declared(c, *out);
}

}  // namespace jaxsmith::stablehlo
