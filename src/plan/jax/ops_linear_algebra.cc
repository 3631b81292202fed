// Linear algebra: products of all kinds. Factorisations and solves: ops_linear_algebra_solve.cc.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/builder.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/ops_linear_algebra.h"

namespace jaxsmith::plan {
namespace {

constexpr std::uint32_t kFields = kReal | kComplexKind;

Op matmul() {
  Op op{"matmul",
        kLinearAlgebra,
        2.0,
        Derivative::kSmooth,
        {"projected", "scores", "logits"},
        {"$0 @ $1", "jnp.matmul($0, $1)", "jnp.dot($0, $1)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const Value& y = b[draft.operands[1]];
    if (x.type.dtype != y.type.dtype || x.type.rank() < 1 || x.type.rank() > 2 ||
        y.type.rank() < 1 || y.type.rank() > 2)
      return false;
    const auto n = x.type.shape.back();
    if (y.type.shape[0] != n) return false;
    Value result;
    result.type.dtype = x.type.dtype;
    if (x.type.rank() == 2) result.type.shape.push_back(x.type.shape[0]);
    if (y.type.rank() == 2) result.type.shape.push_back(y.type.shape[1]);
    result.stats = dot_stats(x.stats, y.stats, static_cast<double>(n));
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kFields, 1, 2);
    if (!x) return false;
    const Type type = b[*x].type;
    auto y = b.draw([&](const Value& v) {
      return v.type.dtype == type.dtype && v.type.rank() >= 1 && v.type.rank() <= 2 &&
             v.type.shape[0] == type.shape.back();
    });
    // x @ x.T and x.T @ x always fit.
    if ((!y || *y == *x) && type.rank() == 2) y = b.apply("matrix_transpose", {*x});
    if (!y) return false;
    draft.operands = {*x, *y};
    return infer(b, draft);
  };
  return op;
}

// Products over the last two axes with axes before them in common.
Op batched_matmul() {
  Op op{"batched_matmul",
        kLinearAlgebra,
        0.8,
        Derivative::kSmooth,
        {"attended", "mixed"},
        {"$0 @ $1", "jnp.matmul($0, $1)", "lax.batch_matmul($0, $1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 3, 3);
    if (!x) return false;
    const Type type = b[*x].type;
    auto y = b.draw([&](const Value& v) {
      return v.type.dtype == type.dtype && v.type.rank() == 3 && v.type.shape[0] == type.shape[0] &&
             v.type.shape[1] == type.shape[2];
    });
    if (!y || *y == *x) y = b.apply("matrix_transpose", {*x});
    if (!y) return false;
    Value result;
    result.type = {type.dtype, {type.shape[0], type.shape[1], b[*y].type.shape[2]}};
    result.stats = dot_stats(b[*x].stats, b[*y].stats, static_cast<double>(type.shape[2]));
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

Op matrix_transpose() {
  Op op{"matrix_transpose", kLinearAlgebra, 0.5, Derivative::kSmooth, {"transposed"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (x.type.rank() < 2) return false;
    Value result;
    result.type = x.type;
    std::swap(result.type.shape[result.type.shape.size() - 1],
              result.type.shape[result.type.shape.size() - 2]);
    result.stats = x.stats;
    draft.results = {result};
    const bool plain = x.type.rank() == 2 && b.random().chance(0.8);
    draft.spelling = plain ? "$0.T" : b.random().chance(0.5) ? "$0.mT" : "jnp.matrix_transpose($0)";
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kFields, 2);
    if (!x) return false;
    draft.operands = {*x};
    return infer(b, draft);
  };
  return op;
}

// Products of two vectors.
Op vector_product(std::string name, double weight, std::vector<std::string> hints,
                  std::vector<std::string> spellings, bool outer) {
  Op op{std::move(name),     kLinearAlgebra,   weight,
        Derivative::kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [outer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1, 1);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == type.dtype && v.type.rank() == 1 && (outer || v.type == type);
    });
    if (!y || (*y == *x && !outer)) return false;
    Value result;
    result.type.dtype = type.dtype;
    if (outer) result.type.shape = {type.shape[0], b[*y].type.shape[0]};
    result.stats =
        dot_stats(b[*x].stats, b[*y].stats, outer ? 1 : static_cast<double>(type.shape[0]));
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

Op kron() {
  Op op{"kron", kLinearAlgebra, 0.4, Derivative::kSmooth, {"tiled_product"}, {"jnp.kron($0, $1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1, 2);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == type.dtype && v.type.rank() == type.rank() &&
             tensor::element_count(v.type.shape) * tensor::element_count(type.shape) <= 400;
    });
    if (!y) return false;
    Value result;
    result.type = type;
    for (std::size_t i = 0; i < type.shape.size(); ++i) result.type.shape[i] *= b[*y].type.shape[i];
    result.stats = dot_stats(b[*x].stats, b[*y].stats, 1);
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// jnp.einsum with subscripts composed for the operands at hand: letters are shared where sizes
// agree, and each letter is kept or summed over.
Op einsum() {
  Op op{"einsum", kLinearAlgebra, 1.6, Derivative::kSmooth, {"contracted", "scores", "mixed"}};
  op.draw = [](Builder& b, Draft& draft) {
    const std::size_t count = 1 + b.random().weighted(std::vector<double>{0.2, 0.65, 0.15});
    const auto first = b.draw_kind(kReal, count == 1 ? 2 : 1, 4);
    if (!first) return false;
    draft.operands = {*first};
    const DType dtype = b[*first].type.dtype;
    while (draft.operands.size() < count) {
      const auto next =
          b.draw([&](const Value& v) { return v.type.dtype == dtype && v.type.rank() >= 1; });
      if (!next) return false;
      draft.operands.push_back(*next);
    }
    std::string letters = b.random().chance(0.5) ? "ijklmnopq" : "abcdefgh";
    std::vector<std::int64_t> sizes;  // of letters given so far
    std::vector<int> occurrences;
    std::string inputs;
    for (ValueId id : draft.operands) {
      std::string text;
      for (std::int64_t dim : b[id].type.shape) {
        std::vector<std::size_t> same;
        for (std::size_t l = 0; l < sizes.size(); ++l) {
          if (sizes[l] == dim && text.find(letters[l]) == std::string::npos) same.push_back(l);
        }
        std::size_t letter = sizes.size();
        if (!same.empty() && b.random().chance(0.85)) letter = b.random().pick(same);
        if (letter >= letters.size()) return false;
        if (letter == sizes.size()) sizes.push_back(dim), occurrences.push_back(0);
        ++occurrences[letter];
        text += letters[letter];
      }
      inputs += (inputs.empty() ? "" : ",") + text;
    }
    std::string output;
    Shape shape;
    double summed = 1;
    for (std::size_t l = 0; l < sizes.size(); ++l) {
      const bool keep = b.random().chance(occurrences[l] > 1 ? 0.35 : 0.75);
      if (keep)
        output += letters[l], shape.push_back(sizes[l]);
      else
        summed *= static_cast<double>(sizes[l]);
    }
    // Sums of products of pairs, or it would be a transposition.
    if (summed < 2 || !b.acceptable_shape(shape)) return false;
    std::vector<std::size_t> order(shape.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (b.random().chance(0.3)) b.random().shuffle(order);
    Value result;
    std::string permuted;
    for (std::size_t i : order) permuted += output[i], result.type.shape.push_back(shape[i]);
    result.type.dtype = dtype;
    Stats product = b[draft.operands[0]].stats;
    for (std::size_t i = 1; i < draft.operands.size(); ++i)
      product = dot_stats(product, b[draft.operands[i]].stats, 1);
    result.stats = sum_stats(product, summed);
    draft.attributes["subscripts"] = fmt::format("\"{}->{}\"", inputs, permuted);
    draft.spelling = "jnp.einsum($subscripts";
    for (std::size_t i = 0; i < draft.operands.size(); ++i)
      draft.spelling += fmt::format(", ${}", i);
    draft.spelling += ")";
    draft.results = {result};
    return true;
  };
  return op;
}

// jnp.tensordot and lax.dot_general over axes of equal size.
Op tensordot() {
  Op op{"tensordot", kLinearAlgebra, 0.9, Derivative::kSmooth, {"contracted", "folded"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1, 4);
    if (!x) return false;
    const Type tx = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == tx.dtype && v.type.rank() >= 1 &&
             std::any_of(v.type.shape.begin(), v.type.shape.end(), [&](auto d) {
               return d > 1 && std::find(tx.shape.begin(), tx.shape.end(), d) != tx.shape.end();
             });
    });
    if (!y) return false;
    const Type ty = b[*y].type;
    std::vector<std::int64_t> xs, ys;
    double summed = 1;
    for (int i = 0; i < tx.rank(); ++i) {
      for (int j = 0; j < ty.rank(); ++j) {
        const bool taken = std::find(ys.begin(), ys.end(), j) != ys.end() ||
                           std::find(xs.begin(), xs.end(), i) != xs.end();
        const auto dim = tx.shape[static_cast<std::size_t>(i)];
        if (taken || dim != ty.shape[static_cast<std::size_t>(j)] || dim < 2 ||
            (!xs.empty() && b.random().chance(0.6)))
          continue;
        xs.push_back(i);
        ys.push_back(j);
        summed *= static_cast<double>(dim);
      }
    }
    if (xs.empty()) return false;
    Value result;
    result.type.dtype = tx.dtype;
    for (int i = 0; i < tx.rank(); ++i) {
      if (std::find(xs.begin(), xs.end(), i) == xs.end())
        result.type.shape.push_back(tx.shape[static_cast<std::size_t>(i)]);
    }
    for (int j = 0; j < ty.rank(); ++j) {
      if (std::find(ys.begin(), ys.end(), j) == ys.end())
        result.type.shape.push_back(ty.shape[static_cast<std::size_t>(j)]);
    }
    result.stats = dot_stats(b[*x].stats, b[*y].stats, summed);
    draft.operands = {*x, *y};
    draft.attributes["xs"] = tuple_text(xs);
    draft.attributes["ys"] = tuple_text(ys);
    draft.spelling = b.random().chance(0.6) ? "jnp.tensordot($0, $1, axes=($xs, $ys))"
                                            : "lax.dot_general($0, $1, (($xs, $ys), ((), ())))";
    draft.results = {result};
    return true;
  };
  return op;
}

Op trace() {
  Op op{"trace",
        kLinearAlgebra,
        0.7,
        Derivative::kSmooth,
        {"diagonal_sum"},
        {"jnp.trace($0, $options)", "jnp.linalg.trace($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 2, 2);
    if (!x) return false;
    const auto rows = b[*x].type.shape[0], columns = b[*x].type.shape[1];
    if (std::min(rows, columns) < 2) return false;
    const auto offset = b.random().chance(0.75) || columns < 3 ? 0 : 1;
    Value result;
    result.type = {b[*x].type.dtype, {}};
    result.stats = sum_stats(b[*x].stats, static_cast<double>(std::min(rows, columns - offset)));
    draft.operands = {*x};
    draft.attributes["options"] = offset ? "offset=1" : "";
    draft.results = {result};
    draft.sure_given = true;  // of few elements only: the diagonal's
    return true;
  };
  return op;
}

Op norm() {
  Op op{"norm",
        kLinearAlgebra,
        1.2,
        Derivative::kSmooth,
        {"length", "norm"},
        {"jnp.linalg.norm($0, $options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kReal, 1, 3);
    if (!x) return false;
    // Its slope at zero is not defined.
    if (b.differentiable() || b.random().chance(0.2)) x = b.into(*x, {0.1, 1e4});
    if (!x) return false;
    const Type type = b[*x].type;
    const bool all = type.rank() == 1 || b.random().chance(0.4);
    const auto axis = all ? 0 : b.random().between(0, type.rank() - 1);
    double n = 1;
    Value result;
    result.type.dtype = type.dtype;
    const bool keep = !all && b.random().chance(0.4);
    for (int i = 0; i < type.rank(); ++i) {
      const auto dim = type.shape[static_cast<std::size_t>(i)];
      if (all || i == axis) n *= static_cast<double>(dim);
      if (!all && (i != axis || keep)) result.type.shape.push_back(i == axis ? 1 : dim);
    }
    if (n < 2 || (all && type.rank() > 2)) return false;
    const bool absolute = type.rank() == 1 || !all ? b.random().chance(0.25) : false;
    const Stats squares = map_stats(b[*x].stats, [](double v) { return v * v; }, Bounds::kEnds);
    result.stats =
        absolute ? sum_stats(map_stats(
                                 b[*x].stats, [](double v) { return std::abs(v); }, Bounds::kEnds),
                             n)
                 : map_stats(
                       sum_stats(squares, n), [](double v) { return std::sqrt(std::max(v, 0.0)); },
                       Bounds::kEnds);
    std::string options = absolute ? "ord=1" : "";
    if (!all) options += fmt::format("{}axis={}", options.empty() ? "" : ", ", axis);
    if (keep) options += ", keepdims=True";
    draft.operands = {*x};
    draft.attributes["options"] = options;
    draft.results = {result};
    return true;
  };
  return op;
}

// jnp.linalg.matrix_power of a small power, of a matrix whose powers stay small.
Op matrix_power() {
  Op op{"matrix_power",      kLinearAlgebra, 0.5,
        Derivative::kSmooth, {"iterated"},   {"jnp.linalg.matrix_power($0, $power)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() == 2 &&
             v.type.shape[0] == v.type.shape[1] && v.type.shape[0] >= 2;
    });
    if (!x) return false;
    const auto power = b.random().between(2, 4);
    Stats stats = b[*x].stats;
    for (std::int64_t i = 1; i < power; ++i)
      stats = dot_stats(stats, b[*x].stats, static_cast<double>(b[*x].type.shape[0]));
    Value result;
    result.type = b[*x].type;
    result.stats = stats;
    draft.operands = {*x};
    draft.attributes["power"] = fmt::format("{}", power);
    draft.results = {result};
    return true;
  };
  return op;
}

// jnp.linalg.multi_dot of a chain of matrices.
Op multi_dot() {
  Op op{"multi_dot",         kLinearAlgebra, 0.4,
        Derivative::kSmooth, {"chained"},    {"jnp.linalg.multi_dot([$0, $1, $2])"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 2, 2);
    if (!x) return false;
    const DType dtype = b[*x].type.dtype;
    const auto follows = [&](ValueId left) {
      return b.draw([&](const Value& v) {
        return v.type.dtype == dtype && v.type.rank() == 2 &&
               v.type.shape[0] == b[left].type.shape[1];
      });
    };
    const auto y = follows(*x);
    const auto z = y ? follows(*y) : std::nullopt;
    if (!z) return false;
    Value result;
    result.type = {dtype, {b[*x].type.shape[0], b[*z].type.shape[1]}};
    result.stats =
        dot_stats(dot_stats(b[*x].stats, b[*y].stats, static_cast<double>(b[*x].type.shape[1])),
                  b[*z].stats, static_cast<double>(b[*y].type.shape[1]));
    draft.operands = {*x, *y, *z};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> linear_algebra_ops() {
  std::vector<Op> ops = {matmul(),
                         batched_matmul(),
                         matrix_transpose(),
                         vector_product("vdot", 0.6, {"overlap", "alignment"},
                                        {"jnp.vdot($0, $1)", "jnp.inner($0, $1)", "jnp.dot($0, $1)",
                                         "jnp.linalg.vecdot($0, $1)"},
                                        false),
                         vector_product("outer", 0.9, {"pairs", "outer_product"},
                                        {"jnp.outer($0, $1)", "jnp.linalg.outer($0, $1)"}, true),
                         kron(),
                         einsum(),
                         tensordot(),
                         trace(),
                         norm(),
                         matrix_power(),
                         multi_dot()};
  for (Op& op : solving_ops()) ops.push_back(std::move(op));
  return ops;
}

}  // namespace jaxsmith::plan
