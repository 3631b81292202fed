// Training steps of small networks as a whole: forward, loss, gradients of all that is learnt,
// their clipping, and an optimizer's update of each.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idioms_network_parts.h"
#include "plan/jax/wholes.h"

namespace jaxsmith::plan {
namespace {
using namespace network;
using enum Derivative;
using Parts = std::vector<Idiom::Part>;

enum class Loss { kClasses, kBinary, kSquared, kHuber };
enum class Rule { kMomentum, kAdam, kRmsProp, kAdagrad, kLion };

// How gradients come about.
enum class Gradients { kWhole, kInParts, kByExample };

struct Optimizer {
  Rule rule{};
  std::string name;           // "Adam"
  Words called;               // its function
  std::vector<Words> memory;  // what it remembers of each weight: prefixes of names
};

Optimizer optimizer(Idiom& i) {
  const std::vector<Optimizer> all = {
      {Rule::kMomentum, "momentum", {"momentum_update", "heavy_ball"}, {{"velocity"}}},
      {Rule::kAdam, "Adam", {"adam_update", "adam"}, {{"m"}, {"v"}}},
      {Rule::kRmsProp, "RMSProp", {"rmsprop_update", "rmsprop"}, {{"mean_square"}}},
      {Rule::kAdagrad, "Adagrad", {"adagrad_update", "adagrad"}, {{"accumulator"}}},
      {Rule::kLion, "Lion", {"lion_update", "lion"}, {{"m"}}}};
  return all[i.random().weighted(std::vector<double>{0.2, 0.45, 0.15, 0.1, 0.1})];
}

class Training {
 public:
  Training(Idiom& i, Category category) : i_(i), rule_(optimizer(i)) {
    if (half_precision(i)) i.fail();  // a step would hardly show
    const std::int64_t layers = i.between(2, 3);
    loss_kind_ = static_cast<Loss>(i.between(0, 3));
    rows_ = std::clamp<std::int64_t>(i.size(), 4, 24);
    outputs_ = loss_kind_ == Loss::kBinary ? 1 : i.between(2, 6);
    std::int64_t width = i.between(3, 10);
    features_ = width;
    for (std::int64_t k = 1; k <= layers; ++k) {
      const std::int64_t next = k == layers ? outputs_ : i.between(3, 12);
      const bool column = k == layers && loss_kind_ == Loss::kBinary;
      weights_.push_back({{fmt::format("w{}", k)},
                          {i.real(), column ? Shape{width} : Shape{width, next}},
                          weights_for(width)});
      width = next;
    }
    how_ = category == kVectorization ? Gradients::kByExample
           : category == kLoop        ? Gradients::kInParts
                                      : Gradients::kWhole;
    scheduled_ = i.chance(0.45);
    decays_ = i.chance(0.3) && rule_.rule != Rule::kMomentum;
    if (decays_ && rule_.rule == Rule::kAdam)
      rule_.name = "AdamW", rule_.called = {"adamw_update", "adamw"};
    guarded_ = category == kConditional;
  }

  void write() {
    name();
    loss_ = loss();
    const BodyId update = this->update();
    weights_ids_ = arguments(weights_, "");
    for (const Words& names : rule_.memory) memory_.push_back(arguments(weights_, names[0] + "_"));
    data_arguments();
    const ValueId step =
        scheduled_ ? i_.argument({"step", "step_number"}, scalar(i_), {2, 60}) : kNoValue;
    Ids grads = gradients();
    ValueId norm = kNoValue;
    if (how_ != Gradients::kByExample) norm = clip(grads);
    const ValueId rate = scheduled_ ? schedule(step) : kNoValue;
    if (guarded_)
      guarded(norm, update, grads, rate);
    else
      updated(update, grads, rate);
  }

 private:
  // ---- What it says ----

  void name() {
    const std::string low = rule_.called[1] == "heavy_ball" ? "momentum" : rule_.called[1];
    i_.called({"train_step", low + "_train_step", "training_step"});
    const std::string what = loss_kind_ == Loss::kClasses  ? "classifier"
                             : loss_kind_ == Loss::kBinary ? "binary classifier"
                                                           : "regression network";
    const std::string how =
        how_ == Gradients::kByExample ? " by gradients clipped example by example"
        : how_ == Gradients::kInParts ? " by gradients averaged over microbatches"
        : guarded_                    ? ", left out where the gradient is too large"
                                      : " by clipped gradients";
    i_.summary(fmt::format("One {} step of a {}{}.", rule_.name, what, how));
  }

  // ---- Arguments ----

  // Whether a memory is of squares.
  static bool is_square(const std::string& memory) {
    return memory == "v" || memory == "mean_square" || memory == "accumulator";
  }

  Ids arguments(const Parts& parts, const std::string& prefix) {
    Ids out;
    for (const Idiom::Part& part : parts)
      out.push_back(i_.argument({prefix + part.names.front()}, part.type,
                                prefix.empty() ? part.range
                                : is_square(prefix.substr(0, prefix.size() - 1))
                                    ? Interval{0.01, 0.2}
                                    : around(0.2)));
    return out;
  }

  Type inputs(bool one) const {
    return {i_.real(), one ? Shape{features_} : Shape{rows_, features_}};
  }

  Type targets(bool one) const {
    if (loss_kind_ == Loss::kClasses) return counts(i_, one ? Shape{} : Shape{rows_});
    if (loss_kind_ == Loss::kBinary) return {i_.real(), one ? Shape{} : Shape{rows_}};
    return {i_.real(), one ? Shape{outputs_} : Shape{rows_, outputs_}};
  }

  Interval target_range() const {
    if (loss_kind_ == Loss::kClasses) return below(outputs_ - 1);
    return loss_kind_ == Loss::kBinary ? Interval{0, 1} : around(2);
  }

  void data_arguments() {
    Type x = inputs(false), y = targets(false);
    if (how_ == Gradients::kInParts) {
      parts_ = i_.between(3, 6);
      x.shape.insert(x.shape.begin(), parts_), y.shape.insert(y.shape.begin(), parts_);
    }
    const bool labels = loss_kind_ == Loss::kClasses || loss_kind_ == Loss::kBinary;
    x_ = i_.argument({how_ == Gradients::kInParts ? "microbatches" : "x", "inputs"}, x, around(2));
    y_ = i_.argument({labels ? "labels" : "targets"}, y, target_range());
  }

  // ---- Stages ----

  // Of a batch, or of one example.
  BodyId loss() {
    const bool one = how_ == Gradients::kByExample;
    const Type x = inputs(one);
    Parts parts = weights_;
    parts.push_back({{"x", "inputs"}, x, around(2)});
    Type out = targets(one);
    if (loss_kind_ == Loss::kClasses) {
      out = x;
      out.shape.back() = outputs_;
    }
    const std::string act =
        i_.either({"jax.nn.relu($0)", "jnp.tanh($0)", "jax.nn.gelu($0)", "jax.nn.silu($0)"});
    const bool apart = i_.chance(0.7);
    const auto forward = [&](const Ids& p) {
      ValueId h = p.back();
      for (std::size_t k = 0; k + 1 < p.size(); ++k) {
        const bool last = k + 2 == p.size();
        Shape shape = i_.shape(h);
        if (last)
          shape = out.shape;
        else
          shape.back() = i_.dim(p[k], -1);
        h = i_.let(last ? Words{"outputs", "logits"} : Words{"h", "hidden"}, "$0 @ $1", {h, p[k]},
                   shape, around(3));
        if (!last) h = i_.let({"h", "active"}, act, {h}, shape, {-1, 3});
      }
      return h;
    };
    const BodyId predict =
        apart ? i_.helper({"forward", "predict", "apply_network"}, "Outputs of the network.", parts,
                          [&](const Ids& p) { return Ids{forward(p)}; })
              : -1;
    parts.push_back({{"y", "target"}, targets(one), target_range()});
    const bool penalized = i_.chance(0.4);
    const std::string of = one ? " of one example" : "";
    const std::string kind = loss_kind_ == Loss::kClasses   ? "Cross entropy"
                             : loss_kind_ == Loss::kBinary  ? "Logistic loss"
                             : loss_kind_ == Loss::kSquared ? "Mean squared error"
                                                            : "Huber loss";
    return i_.helper(
        {"loss_fn", "compute_loss"},
        kind + of + (penalized ? " with a penalty of the weights." : "."), parts,
        [&](const Ids& p) {
          const Ids in(p.begin(), p.end() - 1);
          const ValueId outputs =
              apart ? i_.call({"outputs", "logits"}, predict, in, out, around(3)) : forward(in);
          ValueId value = measured(outputs, p.back(), one);
          if (penalized) {
            std::string squares;
            for (std::size_t k = 0; k < weights_.size(); ++k)
              squares += fmt::format("{}jnp.sum(${}**2)", k ? " + " : "", k);
            const ValueId penalty =
                i_.let({"penalty"}, squares,
                       {p.begin(), p.begin() + static_cast<std::ptrdiff_t>(weights_.size())},
                       Shape{}, {1, 20});
            value = i_.let({"total"}, "$0 + 0.01 * $1", {value, penalty}, Shape{}, {0.1, 6});
          }
          return Ids{value};
        });
  }

  ValueId measured(ValueId outputs, ValueId y, bool one) {
    const Shape each = one ? Shape{} : Shape{rows_};
    ValueId losses;
    switch (loss_kind_) {
      case Loss::kClasses: {
        const ValueId logp = i_.let({"log_probs", "logp"}, "jax.nn.log_softmax($0)", {outputs},
                                    i_.shape(outputs), {-6, 0});
        losses = i_.let({"nll", "losses"},
                        one ? "-$0[$1]"
                            : i_.either({"-jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]",
                                         "-$0[jnp.arange($0.shape[0]), $1]"}),
                        {logp, y}, each, {0.1, 5});
        break;
      }
      case Loss::kBinary:
        losses =
            i_.let({"bce", "losses"},
                   i_.either({"jax.nn.softplus($0) - $1 * $0", "jnp.logaddexp($0, 0.0) - $1 * $0"}),
                   {outputs, y}, each, {0.1, 4});
        break;
      case Loss::kSquared:
        return i_.let({"error", "mse"},
                      i_.either({"jnp.mean(($0 - $1) ** 2)", "jnp.mean(jnp.square($0 - $1))"}),
                      {outputs, y}, Shape{}, {0.1, 6});
      default: {
        const ValueId gap = i_.let({"gap", "residual"}, "jnp.abs($0 - $1)", {outputs, y},
                                   i_.shape(outputs), {0, 4});
        return i_.let({"error", "huber"}, "jnp.mean(jnp.where($0 < 1.0, 0.5 * $0**2, $0 - 0.5))",
                      {gap}, Shape{}, {0.1, 4});
      }
    }
    return one ? losses
               : i_.let({"loss", "mean_loss"}, i_.either({"jnp.mean($0)", "$0.mean()"}), {losses},
                        Shape{}, {0.1, 5});
  }

  // The optimizer's step of one weight: the weight, its gradient, what is remembered, and the rate
  // where that follows a schedule. It gives the weight and the memory.
  BodyId update() {
    const Type of = weights_.front().type;
    Parts parts = {{{"w", "param"}, of, around(2)}, {{"g", "grad"}, of, around(2)}};
    for (const Words& names : rule_.memory)
      parts.push_back({names, of, is_square(names[0]) ? Interval{0, 1} : around(1)});
    if (scheduled_) parts.push_back({{"lr", "rate"}, scalar(i_), {0.005, 0.1}});
    const std::string fixed =
        i_.either(rule_.rule == Rule::kMomentum ? Words{"0.05", "0.1", "0.02"}
                                                : Words{"0.01", "0.02", "0.05"});
    const std::string slow = i_.either({"0.9", "0.95"}),
                      square = i_.either({"0.99", "0.95", "0.999"});
    return stage(
        i_, rule_.called,
        rule_.name == "momentum"
            ? "Step of one weight with momentum."
            : rule_.name + " step of one weight" +
                  (rule_.rule == Rule::kAdam ? ", without bias correction." : "."),
        parts, [&](const Ids& p) {
          const ValueId w = p[0], g = p[1], m = p[2];
          const Shape shape = of.shape;
          const std::string rate = scheduled_ ? "$2" : fixed;
          const auto step = [&](ValueId by, const std::string& form) {
            Ids operands = {w, by};
            if (scheduled_) operands.push_back(p.back());
            return i_.let({"w_next", "new_w"},
                          "$0 - " + rate + " * " + (decays_ ? "(" + form + " + 0.01 * $0)" : form),
                          operands, shape, around(2));
          };
          const std::string rest_slow = slow == "0.9" ? "0.1" : "0.05";
          switch (rule_.rule) {
            case Rule::kMomentum: {
              const ValueId next =
                  i_.let({"velocity_next"}, slow + " * $0 + $1", {m, g}, shape, around(2));
              return Ids{step(next, "$1"), next};
            }
            case Rule::kAdam: {
              const std::string rest = square == "0.99"   ? "0.01"
                                       : square == "0.95" ? "0.05"
                                                          : "0.001";
              const ValueId first = i_.let({"m_next"}, slow + " * $0 + " + rest_slow + " * $1",
                                           {m, g}, shape, around(1));
              const ValueId second = i_.let({"v_next"}, square + " * $0 + " + rest + " * $1**2",
                                            {p[3], g}, shape, {0, 1});
              const ValueId along =
                  i_.let({"direction", "scaled"},
                         i_.either({"$0 / (jnp.sqrt($1) + 1e-6)", "$0 / jnp.sqrt($1 + 1e-8)"}),
                         {first, second}, shape, around(2));
              return Ids{step(along, "$1"), first, second};
            }
            case Rule::kRmsProp:
            case Rule::kAdagrad: {
              const bool sums = rule_.rule == Rule::kAdagrad;
              const ValueId next =
                  i_.let({sums ? "accumulator_next" : "mean_square_next"},
                         sums ? "$0 + $1**2" : "0.9 * $0 + 0.1 * $1**2", {m, g}, shape, {0, 2});
              const ValueId along = i_.let({"direction", "scaled"}, "$0 / (jnp.sqrt($1) + 1e-6)",
                                           {g, next}, shape, around(2));
              return Ids{step(along, "$1"), next};
            }
            default: {
              const ValueId along =
                  i_.let({"direction"}, "jnp.sign(" + slow + " * $0 + " + rest_slow + " * $1)",
                         {m, g}, shape, around(1));
              const ValueId next =
                  i_.let({"m_next"}, square + " * $0 + (1.0 - " + square + ") * $1", {m, g}, shape,
                         around(1));
              return Ids{step(along, "$1"), next};
            }
          }
        });
  }

  Parts gradient_parts(const std::string& prefix, bool by_example) const {
    Parts out;
    for (const Idiom::Part& w : weights_) {
      Type type = w.type;
      if (by_example) type.shape.insert(type.shape.begin(), rows_);
      out.push_back({{prefix + w.names.front()}, type, around(2)});
    }
    return out;
  }

  std::string argnums() const {
    return weights_.size() == 2 ? "argnums=(0, 1)" : "argnums=(0, 1, 2)";
  }

  Ids loss_and_gradients(const Ids& at) {
    Parts parts = {{{"loss", "loss_value"}, {i_.real(), {}}, {0.1, 6}}};
    for (Idiom::Part& g : gradient_parts("d_", false)) parts.push_back(std::move(g));
    return i_.unpack(
        "jax.value_and_grad($f0, " + argnums() + ")(" + Idiom::holes(0, at.size()) + ")", at,
        {loss_}, parts, {0, static_cast<int>(weights_.size())});
  }

  Ids gradients() {
    Ids at = weights_ids_;
    at.push_back(x_), at.push_back(y_);
    if (how_ == Gradients::kByExample) return by_example(at);
    if (how_ == Gradients::kInParts) return in_parts();
    const Ids all = loss_and_gradients(at);
    return {all.begin() + 1, all.end()};
  }

  // Each clipped by its own norm, then averaged.
  Ids by_example(const Ids& at) {
    std::string axes = "in_axes=(";
    for (std::size_t k = 0; k < weights_.size(); ++k) axes += "None, ";
    axes += "0, 0)";
    Parts parts = {{{"losses"}, {i_.real(), {rows_}}, {0.1, 6}}};
    for (Idiom::Part& g : gradient_parts("each_d_", true)) parts.push_back(std::move(g));
    const Ids all = i_.unpack("jax.vmap(jax.value_and_grad($f0, " + argnums() + "), " + axes +
                                  ")(" + Idiom::holes(0, at.size()) + ")",
                              at, {loss_}, parts, {0, static_cast<int>(weights_.size())});
    i_.let({"loss", "mean_loss"}, "jnp.mean($0)", {all[0]}, Shape{}, {0.1, 6});
    const Ids each(all.begin() + 1, all.end());
    std::string squares;
    for (std::size_t k = 0; k < each.size(); ++k)
      squares += fmt::format("{}jnp.sum(${}**2, axis={})", k ? " + " : "", k,
                             i_.rank(each[k]) == 3 ? "(1, 2)" : "1");
    const ValueId norms =
        i_.let({"norms", "example_norms"}, "jnp.sqrt(" + squares + ")", each, {rows_}, {0.1, 5});
    const ValueId scale =
        i_.let({"scale", "clip_factors"},
               "jnp.minimum(1.0, " + i_.setting({"max_norm", "clip_norm"}, {"1.0", "0.5", "2.0"}) +
                   " / ($0 + 1e-6))",
               {norms}, {rows_}, {0.1, 1});
    Ids out;
    for (std::size_t k = 0; k < each.size(); ++k) {
      const bool matrix = i_.rank(each[k]) == 3;
      out.push_back(i_.let({"d_" + weights_[k].names.front()},
                           matrix ? "jnp.mean($0[:, None, None] * $1, axis=0)"
                                  : "jnp.mean($0[:, None] * $1, axis=0)",
                           {scale, each[k]}, weights_[k].type.shape, around(1)));
    }
    return out;
  }

  Ids in_parts() {
    std::vector<Idiom::Carry> carries = {
        {{"total_loss"},
         i_.let({"no_loss"}, "jnp.zeros((), $0.dtype)", {weights_ids_[0]}, Shape{}, {0, 1}),
         {0, 30},
         {"total_loss"}}};
    for (std::size_t k = 0; k < weights_ids_.size(); ++k) {
      const std::string& name = weights_[k].names.front();
      carries.push_back({{"sum_" + name},
                         i_.let({"zero_" + name}, "jnp.zeros_like($0)", {weights_ids_[k]},
                                weights_[k].type.shape, around(1)),
                         around(8),
                         {"total_d_" + name}});
    }
    const Ids totals =
        i_.scan({"accumulate", "add_microbatch"}, carries,
                {{{"x", "inputs"}, x_}, {{"y", "target"}, y_}}, {},
                [&](const Ids& p) {
                  Ids at = weights_ids_;
                  at.push_back(p[p.size() - 2]), at.push_back(p.back());
                  const Ids all = loss_and_gradients(at);
                  Ids next;
                  for (std::size_t k = 0; k < all.size(); ++k)
                    next.push_back(
                        i_.let({k == 0 ? "loss_sum" : "next_" + weights_[k - 1].names.front()},
                               "$0 + $1", {p[k], all[k]}, i_.shape(all[k]), around(30)));
                  return next;
                })
            .final;
    const std::string by = fmt::format("$0 / {}", parts_);
    i_.let({"loss", "mean_loss"}, by, {totals[0]}, Shape{}, {0.1, 6});
    Ids out;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      out.push_back(i_.let({"d_" + weights_[k].names.front()}, by, {totals[k + 1]},
                           weights_[k].type.shape, around(2)));
    return out;
  }

  // Gives the norm of all of them together.
  ValueId clip(Ids& grads) {
    std::string squares;
    for (std::size_t k = 0; k < grads.size(); ++k)
      squares += fmt::format("{}jnp.sum(${}**2)", k ? " + " : "", k);
    const ValueId norm =
        i_.let({"grad_norm", "global_norm"}, "jnp.sqrt(" + squares + ")", grads, Shape{}, {0.1, 5});
    const std::string limit = i_.setting({"max_norm", "clip_norm"}, {"1.0", "0.5", "2.0"});
    const ValueId scale = i_.let({"scale", "clip_scale"},
                                 i_.either({"jnp.minimum(1.0, " + limit + " / ($0 + 1e-6))",
                                            limit + " / jnp.maximum($0, " + limit + ")"}),
                                 {norm}, Shape{}, {0.1, 1});
    for (std::size_t k = 0; k < grads.size(); ++k)
      grads[k] = i_.let({"clipped_" + weights_[k].names.front()}, "$0 * $1", {grads[k], scale},
                        weights_[k].type.shape, around(1));
    return norm;
  }

  ValueId schedule(ValueId step) {
    const std::string peak = i_.setting({"peak_rate", "learning_rate"}, {"0.05", "0.02", "0.1"}),
                      warmup = i_.setting({"warmup", "warmup_steps"}, {"10.0", "20.0"});
    if (i_.chance(0.5))
      return i_.let({"rate", "lr"},
                    peak + " * jnp.minimum($0 / " + warmup + ", jnp.sqrt(" + warmup + " / $0))",
                    {step}, Shape{}, {0.005, 0.1});
    const ValueId warm =
        i_.let({"warm"}, "jnp.minimum(1.0, $0 / " + warmup + ")", {step}, Shape{}, {0.1, 1});
    const ValueId cosine = i_.let({"cosine", "decay"}, "0.5 * (1.0 + jnp.cos(jnp.pi * $0 / 100.0))",
                                  {step}, Shape{}, {0.3, 1});
    return i_.let({"rate", "lr"}, peak + " * $0 * $1", {warm, cosine}, Shape{}, {0.005, 0.1});
  }

  // What a step gives of a weight: it, and what is remembered of it.
  Parts new_parts(std::size_t k) const {
    const std::string& name = weights_[k].names.front();
    Parts out = {{{"new_" + name}, weights_[k].type, around(2)}};
    for (const Words& memory : rule_.memory)
      out.push_back({{"new_" + memory.front() + "_" + name}, weights_[k].type, around(1)});
    return out;
  }

  // The new weights, each followed by what is remembered of it.
  Ids updated(BodyId update, const Ids& grads, ValueId rate) {
    Ids out;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      Ids operands = {weights_ids_[k], grads[k]};
      for (const Ids& memory : memory_) operands.push_back(memory[k]);
      if (scheduled_) operands.push_back(rate);
      for (const ValueId id : call(i_, update, operands, new_parts(k))) out.push_back(id);
    }
    return out;
  }

  // The same, but all stays as it is where the gradient is too large.
  Ids guarded(ValueId norm, BodyId update, const Ids& grads, ValueId rate) {
    const ValueId fine =
        i_.let({"is_fine", "acceptable"},
               "$0 < " + i_.setting({"skip_norm", "largest_norm"}, {"1.0", "1.5", "2.0"}), {norm},
               flags({}), {0, 1});
    Parts parts;
    Ids before;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      before.push_back(weights_ids_[k]);
      for (const Ids& memory : memory_) before.push_back(memory[k]);
      for (Idiom::Part& part : new_parts(k)) parts.push_back(std::move(part));
    }
    return i_.cond(
        fine, {}, {}, {"apply_step", "take_step"},
        [&](const Ids&) { return updated(update, grads, rate); }, {"skip_step", "leave"},
        [&](const Ids&) { return before; }, parts);
  }

  Idiom& i_;
  Optimizer rule_;
  Loss loss_kind_{};
  Gradients how_{};
  bool scheduled_ = false, decays_ = false, guarded_ = false;
  std::int64_t rows_ = 0, features_ = 0, outputs_ = 0, parts_ = 0;
  Parts weights_;
  BodyId loss_ = -1;
  Ids weights_ids_;
  std::vector<Ids> memory_;
  ValueId x_ = kNoValue, y_ = kNoValue;
};

}  // namespace

std::vector<Op> training_wholes() {
  return wholes_by<Training>({{"optimizer_training", kArithmetic, 2},
                              {"network_training", kGradient, 2},
                              {"microbatch_training", kLoop, 1},
                              {"example_training", kVectorization, 1},
                              {"guarded_training", kConditional, 1},
                              {"normed_training", kReduction, 0.7}});
}

}  // namespace jaxsmith::plan
