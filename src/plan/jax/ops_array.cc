// Array operations: shapes and element types change, values do not.
#include "plan/jax/ops_array.h"

#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

Op astype() {
  Op op{"astype",
        kArray,
        0.4,
        kSmooth,
        {"cast"},
        {"$0.astype($dtype)", "lax.convert_element_type($0, $dtype)",
         "jnp.asarray($0, dtype=$dtype)", "jnp.astype($0, $dtype)"}};
  op.traits = kLinearMap;
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    std::string name = draft.attributes["dtype"];
    if (name.starts_with("jnp.")) name = name.substr(4);
    const auto dtype = tensor::dtype_from_numpy_name(name);
    if (!dtype || !x.literal.empty() || *dtype == x.type.dtype) return false;
    if (tensor::is_complex(x.type.dtype) && !tensor::is_complex(*dtype)) return false;
    Value result = with_shape(x, x.type.shape);
    result.type.dtype = *dtype;
    if (tensor::is_integer(*dtype)) {
      const Interval bounds = integer_bounds(*dtype);
      if (x.stats.lo < bounds.lo || x.stats.hi > bounds.hi) return false;
      result.stats = map_stats(
          x.stats, [](double v) { return v < 0 ? -std::floor(-v) : std::floor(v); }, Bounds::kEnds);
    }
    if (x.type.dtype == DType::kBool) {  // few probes differ, and yet nothing is lost
      result.sure = x.sure;
      draft.sure_given = true;
    }
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers | kBoolKind);
    if (!x) return false;
    const DType target = b.random().chance(0.7) || b.differentiable()
                             ? b.settings().real
                             : b.random().pick(b.settings().dtypes);
    if (tensor::is_complex(target) || target == DType::kBool) return false;
    draft.operands = {*x};
    draft.attributes["dtype"] = dtype_text(target);
    return infer(b, draft);
  };
  return op;
}

// The same bits read as another integer type: exact, unlike the bits of a computed real.
Op bitcast() {
  Op op{"bitcast", kArray,          0.4,
        kZero,     {"bits", "raw"}, {"lax.bitcast_convert_type($0, $dtype)", "$0.view($dtype)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      const bool pair = v.type.dtype == DType::kI8 || v.type.dtype == DType::kU8;
      const bool wide = v.type.dtype == DType::kI32 || v.type.dtype == DType::kU32;
      return (pair && v.type.rank() >= 1) ||
             (wide && v.type.rank() >= 1 && v.stats.lo >= 0 && v.stats.hi < 2e9);
    });
    if (!x) return false;
    const DType from = b[*x].type.dtype;
    const DType to = from == DType::kI8    ? DType::kU8
                     : from == DType::kU8  ? DType::kI8
                     : from == DType::kI32 ? DType::kU32
                                           : DType::kI32;
    if (!b.allowed(to)) return false;
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.type.dtype = to;
    if (to == DType::kU8) {
      result.stats =
          map_stats(b[*x].stats, [](double v) { return v < 0 ? v + 256 : v; }, Bounds::kEnds);
      if (b[*x].stats.lo < 0) result.stats = within(result.stats, 0, 255);
    } else if (to == DType::kI8) {
      result.stats =
          map_stats(b[*x].stats, [](double v) { return v > 127 ? v - 256 : v; }, Bounds::kEnds);
      if (b[*x].stats.hi > 127) result.stats = within(result.stats, -128, 127);
    }
    draft.operands = {*x};
    draft.attributes["dtype"] = dtype_text(to);
    draft.results = {result};
    return true;
  };
  return op;
}

// Small whole numbers as their bytes, along a new last axis.
Op as_bytes() {
  Op op{"byte_view",
        kArray,
        0.2,
        kZero,
        {"octets", "raw_bytes"},
        {"lax.bitcast_convert_type($0, jnp.uint8)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (v.type.dtype == DType::kI32 || v.type.dtype == DType::kU32) && v.type.rank() >= 1 &&
             tensor::element_count(v.type.shape) >= 4;
    });
    if (!x || !b.allowed(DType::kU8)) return false;
    Shape shape = b[*x].type.shape;
    shape.push_back(4);
    Value result = with_shape(b[*x], shape);
    result.type.dtype = DType::kU8;
    for (int i = 0; i < kProbes; ++i) {
      const auto bits =
          static_cast<std::uint64_t>(static_cast<std::int64_t>(result.stats.probe[i]));
      result.stats.probe[i] = static_cast<double>((bits >> (8 * (i % 4))) & 0xff);
    }
    result.stats = within(result.stats, 0, 255);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// The exponent of a single-precision number, out of its bits: stable where its last bits are not.
Op exponent_bits() {
  Op op{"exponent_extraction",
        kArray,
        0.15,
        kZero,
        {"exponent", "octave"},
        {"(lax.bitcast_convert_type($0, jnp.int32) >> 23) & 0xFF",
         "lax.bitcast_convert_type($0, jnp.int32) >> 23"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.dtype == DType::kF32 && v.type.rank() >= 1 &&
             tensor::element_count(v.type.shape) >= 6 && v.stats.lo >= 0.01 &&
             v.stats.hi > 2 * v.stats.lo;
    });
    if (!x || !b.allowed(DType::kI32)) return false;
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.type.dtype = DType::kI32;
    result.stats = map_stats(
        b[*x].stats, [](double v) { return 127 + std::floor(portable::log2(v)); }, Bounds::kEnds);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> array_ops() {
  std::vector<Op> out = {astype(), bitcast(), as_bytes(), exponent_bits()};
  for (auto& part : {shape_ops(), arrangement_ops(), join_ops(), construction_ops()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace jaxsmith::plan
