// Vectorisation: a function of one element, mapped over axes of its arguments, on one device or
// over several.
#include <fmt/format.h>

#include <algorithm>

#include "plan/builder.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/mapping.h"

namespace jaxsmith::plan {
namespace {

Type without_axis(Type type, std::int64_t axis) {
  type.shape.erase(type.shape.begin() + axis);
  return type;
}

Value mapped_result(const Value& inner, std::int64_t n, std::int64_t axis) {
  Value result = inner;
  result.type.shape.insert(result.type.shape.begin() + axis, n);
  result.uses = 0;
  result.facts = 0;
  result.hint.clear();
  return result;
}

// Where each operand is mapped, -1 for not at all: axes of one size.
struct Mapping {
  std::vector<ValueId> operands;
  std::vector<std::int64_t> axes;
  std::int64_t size = 0;
};

bool fits(const Value& v) { return (kind_of(v.type.dtype) & (kNumbers | kBoolKind)) != 0; }

std::optional<Mapping> draw_mapping(Builder& b, std::size_t most) {
  const auto x = b.draw([](const Value& v) { return fits(v) && v.type.rank() >= 1; });
  if (!x) return std::nullopt;
  Mapping m;
  m.operands = {*x};
  m.axes = {b.random().chance(0.75) ? 0 : b.random().between(0, b[*x].type.rank() - 1)};
  m.size = b[*x].type.shape[static_cast<std::size_t>(m.axes[0])];
  if (m.size < 2) return std::nullopt;
  while (m.operands.size() < most && b.random().chance(0.55)) {
    const auto y = b.draw([](const Value& v) { return fits(v); });
    if (!y || std::find(m.operands.begin(), m.operands.end(), *y) != m.operands.end()) break;
    std::vector<std::int64_t> places = {-1};
    for (int i = 0; i < b[*y].type.rank(); ++i) {
      if (b[*y].type.shape[static_cast<std::size_t>(i)] == m.size) places.push_back(i);
    }
    m.operands.push_back(*y);
    m.axes.push_back(places.size() > 1 && b.random().chance(0.7)
                         ? places[1 + b.random().below(places.size() - 1)]
                         : -1);
  }
  return m;
}

// "in_axes=(0, None)", empty where all are zero; the last axis now and then as -1.
std::string axes_text(Builder& b, const Mapping& m) {
  if (std::all_of(m.axes.begin(), m.axes.end(), [](auto a) { return a == 0; })) return "";
  std::string text;
  for (std::size_t i = 0; i < m.axes.size(); ++i) {
    const bool last = m.axes[i] > 0 && m.axes[i] == b[m.operands[i]].type.rank() - 1;
    const std::string axis = m.axes[i] < 0                    ? "None"
                             : last && b.random().chance(0.4) ? "-1"
                                                              : fmt::format("{}", m.axes[i]);
    text += (i ? ", " : "") + axis;
  }
  return m.axes.size() == 1 ? "in_axes=" + text : "in_axes=(" + text + ")";
}

Builder::BodySpec element_spec(Builder& b, const Mapping& m, std::string hint) {
  Builder::BodySpec spec;
  spec.hint = std::move(hint);
  for (std::size_t i = 0; i < m.operands.size(); ++i) {
    const Value& v = b[m.operands[i]];
    spec.parameters.push_back(
        parameter_of(v, m.axes[i] < 0 ? v.type : without_axis(v.type, m.axes[i])));
    spec.parameters.back().hint.clear();
  }
  return spec;
}

const std::string& element_name(Builder& b) {
  static const std::vector<std::string> kNames = {"single", "per_example", "per_row",
                                                  "one",    "kernel",      "cell"};
  return b.random().pick(kNames);
}

// What the open body gives, by a step that looks beyond one element: nobody maps what works element
// by element.
std::optional<ValueId> fold_beyond(Builder& b) {
  const auto out = b.fold();
  if (!out || worth_mapping(b, b.current())) return out;
  static const std::vector<std::string> kOver = {"mean", "sum", "max"};
  return b.apply(b.random().pick(kOver), {*out});
}

int steps(Builder& b) { return static_cast<int>(b.random().between(2, b.depth() == 0 ? 6 : 3)); }

Op vmap() {
  Op op{"vmap", kVectorization, 2.0, Derivative::kSmooth, {"batched", "stacked"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto m = draw_mapping(b, 3);
    if (!m) return false;
    const auto body =
        b.body(element_spec(b, *m, element_name(b)), [&](const std::vector<ValueId>& p) {
          b.grow(steps(b));
          const auto out = fold_beyond(b);
          if (!out || std::find(p.begin(), p.end(), *out) != p.end()) return false;
          b.set_results({*out});
          return true;
        });
    if (!body) return false;
    const Value& inner = b[b.body_of(*body).results[0]];
    // Without a mapped value in it a result would be the same n times over; JAX allows it, people
    // do not write it.
    const auto axis = inner.type.rank() > 0 && b.random().chance(0.15) ? inner.type.rank() : 0;
    draft.results = {mapped_result(inner, m->size, axis)};
    draft.sure_given = true;
    draft.operands = m->operands;
    draft.bodies = {*body};
    std::string options = axes_text(b, *m);
    if (axis > 0)
      options += fmt::format("{}out_axes={}", options.empty() ? "" : ", ",
                             b.random().chance(0.5) ? -1 : axis);
    draft.attributes["options"] = options;
    draft.spelling = fmt::format("jax.vmap($f0, $options)({})", holes(0, m->operands.size()));
    return true;
  };
  return op;
}

// A vmap of a vmap: a function of two rows, over all pairs of rows.
Op pairwise() {
  Op op{"pairwise", kVectorization, 1.0, Derivative::kSmooth, {"pairs", "affinity", "distances"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 1 && v.type.shape[0] >= 2;
    });
    if (!x) return false;
    const Type tx = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == tx.dtype && v.type.rank() == tx.rank() && v.type.shape[0] >= 2 &&
             std::equal(v.type.shape.begin() + 1, v.type.shape.end(), tx.shape.begin() + 1);
    });
    if (!y) return false;
    Mapping m{{*x, *y}, {0, 0}, 0};
    static const std::vector<std::string> kNames = {"kernel", "distance", "similarity",
                                                    "interaction"};
    const auto body =
        b.body(element_spec(b, m, b.random().pick(kNames)), [&](const std::vector<ValueId>& p) {
          const auto joined = b.combine(p[0], p[1], /*plainly=*/true);
          if (!joined) return false;
          b.grow(static_cast<int>(b.random().between(1, 3)));
          const auto out = fold_beyond(b);
          if (!out) return false;
          b.set_results({*out});
          return true;
        });
    if (!body) return false;
    const Value& inner = b[b.body_of(*body).results[0]];
    draft.results = {mapped_result(mapped_result(inner, b[*y].type.shape[0], 0), tx.shape[0], 0)};
    draft.sure_given = true;
    draft.operands = {*x, *y};
    draft.bodies = {*body};
    draft.spelling = "jax.vmap(jax.vmap($f0, in_axes=(None, 0)), in_axes=(0, None))($0, $1)";
    return true;
  };
  return op;
}

// A named axis, and a collective over it inside.
Op vmap_collective() {
  Op op{"vmap_collective", kVectorization, 0.9, Derivative::kSmooth, {"batch_adjusted"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 1 && v.type.shape[0] >= 2 &&
             magnitude(v.stats) < 1e3;
    });
    if (!x) return false;
    Mapping m{{*x}, {0}, b[*x].type.shape[0]};
    const auto body =
        b.body(element_spec(b, m, element_name(b)), [&](const std::vector<ValueId>& p) {
          b.grow(static_cast<int>(b.random().between(1, 3)));
          const auto inner = b.fold();
          if (!inner || b[*inner].type.dtype != b[*x].type.dtype) return false;
          static const std::vector<std::string> kCollectives = {"axis_mean", "axis_sum",
                                                                "axis_max"};
          const auto over = b.apply(b.random().pick(kCollectives), {*inner}, {{"size", {m.size}}});
          const auto out = over
                               ? b.combine(*inner == p[0] || b.random().chance(0.6) ? *inner : p[0],
                                           *over, /*plainly=*/true)
                               : std::nullopt;
          if (!out) return false;
          b.set_results({*out});
          return true;
        });
    if (!body) return false;
    b.restrict_changes(*body, Changes::kInside);
    draft.results = {mapped_result(b[b.body_of(*body).results[0]], m.size, 0)};
    draft.results[0].sure = 0;  // centred, its sum or its largest element may always be zero
    draft.sure_given = true;
    draft.operands = {*x};
    draft.bodies = {*body};
    draft.spelling = "jax.vmap($f0, axis_name=\"batch\")($0)";
    return true;
  };
  return op;
}

// Only inside vmap_collective, which names the axis.
Op collective(std::string name, std::string spelling, std::string noun, Derivative derivative,
              Stats (*rule)(const Stats&, double)) {
  Op op{std::move(name), kVectorization, 0, derivative, {std::move(noun)}, {std::move(spelling)}};
  op.infer = [rule](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    Value result;
    result.type = x.type;
    result.stats = rule(x.stats, static_cast<double>(b.numbers().at("size")[0]));
    draft.results = {result};
    return tensor::is_real(x.type.dtype) && x.literal.empty();
  };
  op.draw = [](Builder&, Draft&) { return false; };
  return op;
}

// jnp.vectorize: broadcasting a function of vectors by its signature.
Op vectorize() {
  Op op{"vectorize", kVectorization, 0.6, Derivative::kSmooth, {"broadcasted", "per_vector"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 2 && v.type.shape.back() >= 2;
    });
    if (!x) return false;
    Type element{b[*x].type.dtype, {b[*x].type.shape.back()}};
    Builder::BodySpec spec;
    spec.hint = element_name(b);
    spec.parameters = {parameter_of(b[*x], element)};
    spec.parameters[0].hint.clear();
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      b.grow(static_cast<int>(b.random().between(1, 4)));
      auto out = fold_beyond(b);
      // The signature promises a scalar or a vector of the same length.
      if (out && b[*out].type.shape != element.shape && b[*out].type.rank() > 0)
        out = b.apply("mean", {*out});
      if (!out || *out == p[0] || !tensor::is_real(b[*out].type.dtype)) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    const Value& inner = b[b.body_of(*body).results[0]];
    Value result = mapped_result(inner, 1, 0);
    result.type.shape.assign(b[*x].type.shape.begin(), b[*x].type.shape.end() - 1);
    const bool vector = inner.type.rank() == 1;
    if (vector) result.type.shape.push_back(inner.type.shape[0]);
    draft.results = {result};
    draft.sure_given = true;
    draft.operands = {*x};
    draft.bodies = {*body};
    draft.spelling =
        fmt::format("jnp.vectorize($f0, signature=\"(n)->{}\")($0)", vector ? "(n)" : "()");
    return true;
  };
  return op;
}

// Whether JAX may write a loop of its own, or a choice, for a step of a body: its constants are the
// same on every device, which the types of a mesh do not take for what a loop carries.
bool may_loop(Builder& b, BodyId id) {
  const Program& program = b.program();
  return std::ranges::any_of(b.body_of(id).nodes, [&](const Node& node) {
    const Op* op = program.catalogue->find(node.op);
    return (op != nullptr && op->has(kManyInstructions | kLoopsWithin | kWritten)) ||
           std::ranges::any_of(node.bodies, [&](BodyId inner) { return may_loop(b, inner); });
  });
}

// Over the devices of a mesh: each has a part of the leading axis. Only in programs that have
// several devices.
Op shard_map() {
  Op op{"shard_map", kVectorization, 6.0, Derivative::kNone, {"sharded"}};
  op.traits = kOverDevices;
  op.draw = [](Builder& b, Draft& draft) {
    const auto devices = b.settings().devices;
    if (devices < 2 || b.depth() > 0) return false;
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 1 &&
             v.type.shape[0] % devices == 0 && magnitude(v.stats) < 1e3;
    });
    if (!x) return false;
    Type part = b[*x].type;
    part.shape[0] /= devices;
    Builder::BodySpec spec;
    spec.hint = "shard_fn";
    spec.placement = Placement::kHelper;
    spec.parameters = {parameter_of(b[*x], part)};
    spec.parameters[0].hint.clear();
    bool reduced = false, mean = false;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      b.grow(static_cast<int>(b.random().between(1, 4)));
      auto out = b.fold();
      if (!out || !tensor::is_real(b[*out].type.dtype)) return false;
      reduced = b[*out].type.rank() == 0 || b[*out].type.shape[0] != part.shape[0] ||
                b.random().chance(0.4);
      if (reduced) {
        mean = b.random().chance(0.5);
        out = b.apply(mean ? "mesh_mean" : "mesh_sum", {*out}, {{"size", {devices}}});
      }
      if (!out || *out == p[0]) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    b.restrict_changes(*body, Changes::kNone);  // whether its result is the same on each device
    Value result = mapped_result(b[b.body_of(*body).results[0]], 1, 0);
    result.type.shape.erase(result.type.shape.begin());
    if (!reduced) result.type.shape[0] *= devices;
    // A sum over devices has no shards left.
    if (reduced) result.hint = mean ? "device_mean" : "device_total";
    draft.results = {result};
    draft.sure_given = true;
    draft.operands = {*x};
    draft.bodies = {*body};
    draft.attributes["out"] = reduced ? "P()" : "P(\"data\")";
    draft.attributes["options"] = may_loop(b, *body) ? "check_vma=False" : "";
    draft.spelling =
        "jax.shard_map($f0, mesh=mesh, in_specs=P(\"data\"), out_specs=$out, $options)($0)";
    auto& constants = b.program().constants;
    constants = {
        {"mesh",
         fmt::format("jax.make_mesh(({},), (\"data\",), axis_types=(jax.sharding.AxisType.Auto,))",
                     devices)}};
    return true;
  };
  return op;
}

// jax.pmap: one element of the leading axis a device.
Op pmap() {
  Op op{"pmap", kVectorization, 7.0, Derivative::kNone, {"parallel", "replicated"}};
  op.traits = kOverDevices;
  op.draw = [](Builder& b, Draft& draft) {
    const auto devices = b.settings().devices;
    if (devices < 2 || b.depth() > 0) return false;
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 1 && v.type.shape[0] == devices;
    });
    if (!x) return false;
    Mapping m{{*x}, {0}, devices};
    Builder::BodySpec spec = element_spec(b, m, "device_fn");
    spec.placement = Placement::kHelper;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      b.grow(static_cast<int>(b.random().between(1, 4)));
      const auto out = b.fold();
      if (!out || *out == p[0] || !tensor::is_real(b[*out].type.dtype)) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    draft.results = {mapped_result(b[b.body_of(*body).results[0]], devices, 0)};
    draft.sure_given = true;
    draft.operands = {*x};
    draft.bodies = {*body};
    draft.spelling = "jax.pmap($f0)($0)";
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> vectorization_ops() {
  using enum Derivative;
  return {
      vmap(),
      pairwise(),
      vmap_collective(),
      vectorize(),
      shard_map(),
      pmap(),
      collective("axis_mean", "lax.pmean($0, axis_name=\"batch\")", "batch_mean", kSmooth,
                 mean_stats),
      collective("axis_sum", "lax.psum($0, axis_name=\"batch\")", "batch_total", kSmooth,
                 sum_stats),
      collective("axis_max", "lax.pmax($0, axis_name=\"batch\")", "batch_max", kNone, max_stats),
      collective("mesh_mean", "lax.pmean($0, \"data\")", "device_mean", kNone, mean_stats),
      collective("mesh_sum", "lax.psum($0, \"data\")", "device_total", kNone, sum_stats)};
}

}  // namespace jaxsmith::plan
