// Loops of learning within one another: epochs and batches, tasks and adaptation, chunks and steps,
// policies and their values.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

constexpr Interval kWeights{-3, 3};
constexpr Interval kLoss{0, 6};

// A loss of weights over rows of features.
struct Fit {
  std::string says;
  Words forms;  // of weights $0, features $1 and targets $2
  Interval targets;
};

const std::vector<Fit>& fits() {
  static const std::vector<Fit> kAll = {
      {"least squares",
       {"jnp.mean(($1 @ $0 - $2) ** 2)", "0.5 * jnp.mean(jnp.square($1 @ $0 - $2))"},
       {-2, 2}},
      {"logistic regression",
       {"jnp.mean(jax.nn.softplus($1 @ $0) - $2 * ($1 @ $0))",
        "-jnp.mean($2 * jax.nn.log_sigmoid($1 @ $0) + (1.0 - $2) * jax.nn.log_sigmoid(-($1 @ "
        "$0)))"},
       {0, 1}},
      {"robust regression",
       {"jnp.mean(jnp.sqrt(1.0 + ($1 @ $0 - $2) ** 2) - 1.0)",
        "jnp.mean(jnp.log(jnp.cosh($1 @ $0 - $2)))"},
       {-3, 3}}};
  return kAll;
}

// loss(weights, features, targets), at the top of the module.
BodyId loss_of(Idiom& i, const Fit& fit, std::int64_t rows, std::int64_t d) {
  const bool decay = i.chance(0.3);
  return i.helper(
      {"loss_fn", "loss", "objective"}, "Loss of " + fit.says + " on a batch.",
      {{{"w", "params"}, {i.real(), {d}}, kWeights},
       {{"x", "features"}, {i.real(), {rows, d}}, {-2, 2}},
       {{"y", "targets"}, {i.real(), {rows}}, fit.targets}},
      [&](const Ids& p) {
        const ValueId value = i.let({"loss"}, i.either(fit.forms), p, Shape{}, kLoss);
        if (!decay) return Ids{value};
        return Ids{i.let({"total"}, "$0 + 0.01 * jnp.sum($1**2)", {value, p[0]}, Shape{}, kLoss)};
      });
}

// The gradient of a loss, and its value where it is wanted (else missing).
Ids slope_of(Idiom& i, BodyId loss, const Ids& at, bool with_value) {
  const Part slope{{"g", "grads"}, i.type(at[0]), {-6, 6}};
  if (!with_value)
    return {kNoValue, i.let(slope.names, "jax.grad($f0)($0, $1, $2)", at, Bodies{loss}, slope.type,
                            slope.range)};
  return i.unpack("jax.value_and_grad($f0)($0, $1, $2)", at, {loss},
                  {{{"value", "loss"}, scalar(i), kLoss}, slope});
}

// Epochs over batches: each a step of descent, with the gradient clipped where it is long.
struct Minibatches {
  Idiom& i;
  ValueId x, y;
  BodyId loss;
  std::string lr, limit, keep;
  bool momentum, curve;

  // The gradient, no longer than the limit.
  ValueId clipped(ValueId g) const;
  // Weights (and velocity, and the loss) after one more batch; the rate is `lr` where it is
  // missing.
  Ids step(const Ids& p, ValueId rate) const;
  Idiom::ScanResult epoch(ValueId w, ValueId v, ValueId rate) const;
};

ValueId Minibatches::clipped(ValueId g) const {
  const Type vector = i.type(g);
  const ValueId norm =
      i.let({"norm", "grad_norm"}, i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.sum($0**2))"}),
            {g}, Shape{}, {0.05, 6});
  const ValueId long_ = i.let({"too_long", "exceeds"}, "$0 > " + limit, {norm}, flags({}), {0, 1});
  return branch(
      i, long_, {g, norm},
      {{{"u", "grad"}, vector, {-6, 6}}, {{"n", "length"}, scalar(i), {0.05, 6}}},
      {"clip", "shorten"},
      [&](const Ids& q) {
        return Ids{i.let({"clipped"}, "$0 * (" + limit + " / $1)", q, vector, {-1, 1})};
      },
      {"keep", "leave"}, [](const Ids& q) { return Ids{q[0]}; },
      {{{"g_used", "step_grad"}, vector, {-1, 1}}})[0];
}

Ids Minibatches::step(const Ids& p, ValueId rate) const {
  const Type vector = i.type(p[0]);
  const std::size_t at = momentum ? 2 : 1;
  const Ids vg = slope_of(i, loss, {p[0], p[at], p[at + 1]}, curve);
  const ValueId g = clipped(vg[1]);
  Ids out;
  const ValueId move =
      momentum ? i.let({"v_next"}, keep + " * $0 + $1", {p[1], g}, vector, {-6, 6}) : g;
  out.push_back(rate == kNoValue
                    ? i.let({"w_next"}, "$0 - " + lr + " * $1", {p[0], move}, vector, kWeights)
                    : i.let({"w_next"}, "$0 - $1 * $2", {p[0], rate, move}, vector, kWeights));
  if (momentum) out.push_back(move);
  return and_when(curve, out, vg[0]);
}

Idiom::ScanResult Minibatches::epoch(ValueId w, ValueId v, ValueId rate) const {
  std::vector<Idiom::Carry> carries = {{{"w", "params"}, w, kWeights, {"w_end"}}};
  if (momentum) carries.push_back({{"v", "velocity"}, v, {-6, 6}, {"v_end"}});
  return i.scan({"batch_step", "train_step"}, carries,
                {{{"xb", "inputs"}, x}, {{"yb", "outputs"}, y}}, when(curve, {"batch_losses"}),
                [&](const Ids& p) { return step(p, rate); });
}

Op minibatch_epochs() {
  return idiom("minibatch_epochs", kLoop, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t epochs = i.between(2, 5), batches = i.between(2, 5), rows = few(i, 8, 3),
                       d = i.between(2, 5);
    const Fit fit = i.random().pick(fits());
    const Type vector{i.real(), {d}};
    const ValueId w0 = i.argument({"w0", "params", "init_params"}, vector, {-1, 1});
    const ValueId x =
        i.argument({"x", "batches", "features"}, {i.real(), {batches, rows, d}}, {-2, 2});
    const ValueId y =
        i.argument({"y", "targets", "labels"}, {i.real(), {batches, rows}}, fit.targets);
    i.called({"train_epochs", "fit_minibatches", "minibatch_descent"});
    i.summary(fmt::format("Fit {} by {} epochs of minibatches with clipped gradients.", fit.says,
                          epochs));
    const std::string lr = i.setting({"learning_rate", "lr"}, {"0.1", "0.2", "0.3"});
    const std::string limit = i.setting({"max_norm", "clip"}, {"0.5", "0.8", "0.6"});
    const bool momentum = i.chance(0.4), decays = i.chance(0.4), curve = i.chance(0.7),
               by_fori = !curve && i.chance(0.6);
    const BodyId loss = loss_of(i, fit, rows, d);
    const std::string keep = i.either({"0.9", "0.8", "0.5"}),
                      fade = i.either({"0.5", "0.8", "0.7"});
    const Minibatches of{i, x, y, loss, lr, limit, keep, momentum, curve};
    std::vector<Idiom::Carry> carries = {{{"w", "params"}, w0, kWeights, {"trained", "fitted"}}};
    if (momentum)
      carries.push_back(
          {{"v", "velocity"}, zero_like(i, {"v0", "still"}, w0, {-6, 6}), {-6, 6}, {}});
    if (by_fori) {
      repeat(i, 0, epochs, {"epoch", "run_epoch"}, carries, [&](const Ids& p) {
        return of.epoch(p[0], momentum ? p[1] : kNoValue, kNoValue).final;
      });
      return;
    }
    std::vector<Idiom::Slice> over;
    if (decays) {
      i.comment("The rate falls from epoch to epoch.");
      over = {{{"rate", "step"},
               i.let({"rates", "schedule"},
                     lr + " * " + fade + fmt::format(" ** jnp.arange({}, dtype=$0.dtype)", epochs),
                     {w0}, Shape{epochs}, {0.01, 0.3})}};
    }
    i.scan(
        {"epoch", "run_epoch"}, carries, over, when(curve, {"losses", "history"}),
        [&](const Ids& p) {
          const auto out = of.epoch(p[0], momentum ? p[1] : kNoValue, decays ? p.back() : kNoValue);
          if (!curve) return out.final;
          return and_when(true, out.final,
                          i.let({"mean_loss"}, "jnp.mean($0)", {out.stacked[0]}, Shape{}, kLoss));
        },
        "", epochs);
  });
}

// Adaptation to one task after another by a few inner steps: the start moves towards what was
// adapted (Nichol et al. 2018), or by the gradient through the adaptation.
struct Adaptation {
  Idiom& i;
  std::int64_t inner;
  ValueId x, y;
  BodyId loss;
  std::string lr, outer;
  bool through, guarded, losses;

  // The weights after the inner steps.
  ValueId adapt(ValueId w, ValueId xt, ValueId yt) const;
  // The start that a task asks for, and its loss: by the gradient, or towards what was adapted.
  Ids by_gradient(const Ids& p) const;
  Ids towards_adapted(const Ids& p) const;
  // All the way for a task that is not fitted, half of it for others.
  ValueId held_back(ValueId old, ValueId moved, ValueId value) const;
  Ids task(const Ids& p) const;
  Idiom::ScanResult pass(ValueId w) const;
};

ValueId Adaptation::adapt(ValueId w, ValueId xt, ValueId yt) const {
  const Type vector = i.type(w);
  return iterated(
      i, inner, {"inner_step", "adapt_step"},
      {{"v", "fast"}, w, kWeights, {"adapted", "fast_weights"}},
      [&](ValueId v) {
        const ValueId g = slope_of(i, loss, {v, xt, yt}, false)[1];
        return i.let({"v_next"}, "$0 - " + lr + " * $1", {v, g}, vector, kWeights);
      },
      0.6);
}

Ids Adaptation::by_gradient(const Ids& p) const {
  const Type vector = i.type(p[0]);
  const BodyId after = i.function(
      {"adapted_loss", "after_steps"}, {{{"start", "u"}, vector, kWeights}}, [&](const Ids& q) {
        const ValueId v = adapt(q[0], p[1], p[2]);
        return Ids{i.let({"final_loss"}, "$f0($0, $1, $2)", {v, p[1], p[2]}, Bodies{loss},
                         scalar(i), kLoss)};
      });
  const Ids vg = i.unpack(
      "jax.value_and_grad($f0)($0)", {p[0]}, {after},
      {{{"value", "meta_loss"}, scalar(i), kLoss}, {{"meta_grad", "hypergrad"}, vector, {-6, 6}}});
  return {i.let({"moved", "candidate"}, "$0 - " + outer + " * $1", {p[0], vg[1]}, vector, kWeights),
          vg[0]};
}

Ids Adaptation::towards_adapted(const Ids& p) const {
  const Type vector = i.type(p[0]);
  const ValueId v = adapt(p[0], p[1], p[2]);
  ValueId value = kNoValue;
  if (losses || guarded)
    value = i.let({"value", "task_loss"}, "$f0($0, $1, $2)", {v, p[1], p[2]}, Bodies{loss},
                  scalar(i), kLoss);
  return {i.let({"moved", "candidate"},
                i.either({"$0 + " + outer + " * ($1 - $0)",
                          "(1.0 - " + outer + ") * $0 + " + outer + " * $1"}),
                {p[0], v}, vector, kWeights),
          value};
}

ValueId Adaptation::held_back(ValueId old, ValueId moved, ValueId value) const {
  const Type vector = i.type(old);
  i.comment("A task that is fitted already moves the start half as far.");
  const ValueId hard = i.let({"hard", "unfitted"}, "$0 > 0.5", {value}, flags({}), {0, 1});
  return branch(
      i, hard, {old, moved},
      {{{"old", "w_old"}, vector, kWeights}, {{"new", "w_new"}, vector, kWeights}},
      {"move", "follow"}, [](const Ids& q) { return Ids{q[1]}; }, {"hold_back", "halve"},
      [&](const Ids& q) { return Ids{i.let({"halfway"}, "0.5 * ($0 + $1)", q, vector, kWeights)}; },
      {{{"w_next"}, vector, kWeights}})[0];
}

Ids Adaptation::task(const Ids& p) const {
  const Ids made = through ? by_gradient(p) : towards_adapted(p);
  const ValueId next = guarded ? held_back(p[0], made[0], made[1]) : made[0];
  return and_when(losses, {next}, made[1]);
}

Idiom::ScanResult Adaptation::pass(ValueId w) const {
  return i.scan({"task_step", "outer_step"},
                {{{"w", "meta"}, w, kWeights, {"learned", "meta_end"}}},
                {{{"xt", "inputs"}, x}, {{"yt", "outputs"}, y}},
                when(losses, {"task_losses", "losses"}), [&](const Ids& p) { return task(p); });
}

Op adapt_across_tasks() {
  return idiom("adapt_across_tasks", kGradient, 1.2, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t tasks = i.between(2, 6), rows = few(i, 6, 3), d = i.between(2, 4),
                       inner = i.between(2, 5);
    const Fit fit = i.random().pick(fits());
    const Type vector{i.real(), {d}};
    const bool through = i.chance(0.5), guarded = i.chance(0.4), losses = i.chance(0.5),
               rounds = i.chance(0.35);
    const ValueId w0 = i.argument({"meta_params", "w0", "init_params"}, vector, {-1, 1});
    const ValueId x =
        i.argument({"task_x", "support_x", "x"}, {i.real(), {tasks, rows, d}}, {-2, 2});
    const ValueId y =
        i.argument({"task_y", "support_y", "y"}, {i.real(), {tasks, rows}}, fit.targets);
    i.called({through ? "maml_outer_loop" : "reptile", "adapt_across_tasks", "meta_train"});
    i.summary(through
                  ? "Learn a start from which a few steps fit each task, by gradients through them."
                  : "Learn a start for many tasks by moving towards what each adapts to.");
    const std::string lr = i.setting({"inner_lr", "inner_rate"}, {"0.1", "0.2", "0.05"});
    const std::string outer = i.setting({"outer_lr", "meta_rate"}, {"0.3", "0.5", "0.2"});
    const BodyId loss = loss_of(i, fit, rows, d);
    const Adaptation of{i, inner, x, y, loss, lr, outer, through, guarded, losses};
    if (!rounds) {
      of.pass(w0);
      return;
    }
    i.scan(
        {"round_of_tasks", "meta_epoch"},
        {{{"w", "meta"}, w0, kWeights, {"learned", "meta_params_end"}}}, {},
        when(losses, {"curve", "history"}),
        [&](const Ids& p) {
          const auto out = of.pass(p[0]);
          if (!losses) return out.final;
          return Ids{out.final[0],
                     i.let({"mean_loss"}, "$0.mean()", {out.stacked[0]}, Shape{}, kLoss)};
        },
        "", i.between(2, 4));
  });
}

constexpr Interval kHidden{-1.5, 1.5};

// Gradients of a cell's weights, shortened where they are long.
ValueId clipped_recurrent(Idiom& i, ValueId g) {
  const Type weights = i.type(g);
  const ValueId norm =
      i.let({"norm", "grad_norm"}, i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.sum($0**2))"}),
            {g}, Shape{}, {0.02, 4});
  const ValueId big = i.let({"explodes", "too_long"}, "$0 > 0.25", {norm}, flags({}), {0, 1});
  return branch(
      i, big, {g, norm},
      {{{"u", "grad"}, weights, {-4, 4}}, {{"n", "length"}, scalar(i), {0.02, 4}}},
      {"clip", "shorten"},
      [&](const Ids& q) { return Ids{i.let({"clipped"}, "0.25 * $0 / $1", q, weights, {-1, 1})}; },
      {"keep", "leave"}, [](const Ids& q) { return Ids{q[0]}; },
      {{{"g_used"}, weights, {-1, 1}}})[0];
}

ValueId damped_state(Idiom& i, ValueId h) {
  const Type state = i.type(h);
  i.comment("A state that has drifted far begins anew.");
  const ValueId far =
      i.let({"far", "drifted"}, "jnp.mean(jnp.abs($0)) > 0.5", {h}, flags({}), {0, 1});
  return branch(
      i, far, {h}, {{{"s"}, state, kHidden}}, {"reset", "restart"},
      [&](const Ids& q) { return Ids{i.let({"damped"}, "0.1 * $0", q, state, kHidden)}; },
      {"carry_on", "go_on"}, [](const Ids& q) { return q; }, {{{"h_used"}, state, kHidden}})[0];
}

// Truncated backpropagation: chunks of a sequence, within each the steps of a cell; the state goes
// on from chunk to chunk, its derivative does not.
Op truncated_backprop() {
  return idiom("truncated_backprop", kGradient, 1.2, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t chunks = i.between(2, 5), length = i.between(3, 6), d = i.between(2, 4);
    const Type weights{i.real(), {d, d}}, state{i.real(), {d}}, sequence{i.real(), {length, d}};
    const ValueId w0 = i.argument({"w_rec", "params", "recurrent"}, weights, {-1, 1});
    const ValueId h0 = i.input({"h0", "state", "hidden"}, Shape{d}, {-1, 1});
    const ValueId xs =
        i.argument({"chunks", "inputs", "xs"}, {i.real(), {chunks, length, d}}, {-1, 1});
    const ValueId ys =
        i.argument({"targets", "ys", "wanted"}, {i.real(), {chunks, length}}, {-1, 1});
    i.called({"truncated_backprop", "train_on_chunks", "tbptt"});
    i.summary(
        "Train a recurrent cell on a sequence in chunks, with derivatives within each alone.");
    const std::string lr = i.setting({"learning_rate", "lr"}, {"0.2", "0.1", "0.3"});
    const bool leaky = i.chance(0.4), clips = i.chance(0.6), curve = i.chance(0.6),
               resets = i.chance(0.25);
    const std::string cell =
        leaky ? "0.7 * $0 + 0.3 * jnp.tanh($1 @ $0 + $2)"
              : i.either({"jnp.tanh($1 @ $0 + $2)", "jnp.tanh(jnp.dot($1, $0) + $2)"});
    const std::string read = i.either({"jnp.mean($0)", "$0[0]", "jnp.sum($0) / 2.0"});
    const BodyId loss = i.helper(
        {"chunk_loss", "unroll_loss"}, "Mean squared error over a chunk, and the last state.",
        {{{"w", "params"}, weights, {-2, 2}},
         {{"h", "state"}, state, kHidden},
         {{"x", "inputs"}, sequence, {-1, 1}},
         {{"y", "wanted"}, {i.real(), {length}}, {-1, 1}}},
        [&](const Ids& p) {
          const auto out = i.scan(
              {"cell", "step"}, {{{"s", "hidden"}, p[1], kHidden, {"h_last"}}},
              {{{"u", "token"}, p[2]}}, {{"outputs", "predictions"}}, [&](const Ids& q) {
                const ValueId next = i.let({"s_next"}, cell, {q[0], p[0], q[1]}, state, kHidden);
                return Ids{next, i.let({"out"}, read, {next}, Shape{}, kHidden)};
              });
          const ValueId error = i.let(
              {"mse"}, i.either({"jnp.mean(($0 - $1) ** 2)", "jnp.mean(jnp.square($0 - $1))"}),
              {out.stacked[0], p[3]}, Shape{}, {0, 4});
          return Ids{error, out.final[0]};
        });
    std::vector<Idiom::Carry> carries = {
        {{"w", "params"}, w0, {-2, 2}, {"trained", "w_end"}},
        {{"h", "state"}, h0, kHidden, curve ? Words{} : Words{"last_state", "h_end"}}};
    i.scan({"train_chunk", "chunk_step"}, carries, {{{"xc", "inputs"}, xs}, {{"yc", "wanted"}, ys}},
           when(curve, {"losses", "curve"}), [&](const Ids& p) {
             const Ids made =
                 i.unpack("jax.value_and_grad($f0, has_aux=True)($0, $1, $2, $3)", p, {loss},
                          {{{"value", "loss"}, scalar(i), {0, 4}},
                           {{"h_next", "carried"}, state, kHidden},
                           {{"g", "grads"}, weights, {-4, 4}}},
                          {2, 0});
             const ValueId g = clips ? clipped_recurrent(i, made[2]) : made[2];
             const ValueId h = resets ? damped_state(i, made[1]) : made[1];
             const ValueId w =
                 i.let({"w_next"}, "$0 - " + lr + " * $1", {p[0], g}, weights, {-2, 2});
             return and_when(curve, {w, h}, made[0]);
           });
  });
}

// A recurrent decoder.
struct Decoder {
  Idiom& i;
  std::int64_t vocab, d;
  ValueId embed, w, head;
  bool gated, scores;
  std::string rate, nats;

  // From the state, the last token, the target and a coin.
  Ids step(const Ids& q) const;
};

Ids Decoder::step(const Ids& q) const {
  const Type state{i.real(), {d}}, token = counts(i, {});
  const Interval hidden{-1, 1}, ids{0, static_cast<double>(vocab - 1)};
  const ValueId x = i.let({"x", "embedded"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}),
                          {embed, q[1]}, state, {-1.5, 1.5});
  ValueId h;
  if (gated) {
    const ValueId gate = i.let({"gate", "z"}, "jax.nn.sigmoid($0 + $1)", {x, q[0]}, state, {0, 1});
    h = i.let({"h_next"}, "(1.0 - $0) * $1 + $0 * jnp.tanh($2 @ $1 + $3)", {gate, q[0], w, x},
              state, hidden);
  } else {
    h = i.let({"h_next"}, "jnp.tanh($0 @ $1 + $2)", {w, q[0], x}, state, hidden);
  }
  const ValueId logits = i.let({"logits", "out"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}),
                               {h, head}, Shape{vocab}, {-4, 4});
  const ValueId taught = i.let({"taught", "use_truth"}, "$0 < " + rate, {q[3]}, flags({}), {0, 1});
  const ValueId next = branch(
      i, taught, {q[2], logits},
      {{{"t", "true_token"}, token, ids}, {{"z", "out_logits"}, {i.real(), {vocab}}, {-4, 4}}},
      {"from_teacher", "true_next"}, [](const Ids& r) { return Ids{r[0]}; },
      {"from_self", "own_next"},
      [&](const Ids& r) {
        return Ids{i.let({"own"}, i.either({"jnp.argmax($0)", "$0.argmax()"}), {r[1]}, token, ids)};
      },
      {{{"fed", "next_prev"}, token, ids}})[0];
  return Ids{h, next, scores ? i.let({"cost"}, nats, {logits, q[2]}, Shape{}, {0, 6}) : h};
}

// A decoder that reads the true token or its own last one, as a coin says; over several sequences.
Op scheduled_decoder() {
  return idiom("scheduled_decoder", kConditional, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t batch = i.between(2, 4), length = few(i, 8, 4), vocab = i.between(3, 7),
                       d = i.between(2, 4);
    const Type state{i.real(), {d}}, token = counts(i, {});
    const Interval hidden{-1, 1}, ids{0, static_cast<double>(vocab - 1)};
    const ValueId embed =
        i.argument({"embedding", "embed", "table"}, {i.real(), {vocab, d}}, {-1.5, 1.5});
    const ValueId w = i.argument({"w_rec", "kernel", "w"}, {i.real(), {d, d}}, {-1, 1});
    const ValueId head =
        i.argument({"w_out", "head", "readout"}, {i.real(), {d, vocab}}, {-1.5, 1.5});
    const ValueId tokens =
        i.argument({"tokens", "targets", "sequence"}, counts(i, {batch, length}), ids);
    const ValueId coins =
        i.argument({"coins", "uniforms", "u"}, {i.real(), {batch, length}}, {0.02, 0.98});
    i.called({"scheduled_sampling", "decode_with_teacher", "teacher_or_self"});
    const std::string p = i.setting({"teacher_rate", "keep_prob"}, {"0.5", "0.6", "0.4"});
    const bool ramps = i.chance(0.4), gated = i.chance(0.4), scores = i.chance(0.7),
               by_scan = scores && i.chance(0.5);
    i.summary(scores
                  ? "Decode sequences that are fed true tokens or their own by chance, and "
                    "score them."
                  : "Give the states of a decoder that is fed true tokens or its own by chance.");
    const std::string nats =
        i.either({"-jax.nn.log_softmax($0)[$1]", "jax.nn.logsumexp($0) - $0[$1]"});
    const Decoder of{i, vocab, d, embed, w, head, gated, scores, p, nats};
    const auto decode = [&](ValueId seq, ValueId luck) {
      const ValueId h0 =
          i.let({"h0", "still"}, fmt::format("jnp.zeros({}, $0.dtype)", d), {embed}, state, hidden);
      const ValueId first =
          i.let({"prev", "begin"}, i.either({"jnp.zeros_like($0[0])", "jnp.zeros((), $0.dtype)"}),
                {seq}, token, ids);
      std::vector<Idiom::Slice> over = {{{"target", "label"}, seq}};
      ValueId chances = luck;
      if (ramps) {
        i.comment("Its own tokens become likelier along the sequence.");
        chances = i.let({"odds", "ramped"},
                        fmt::format("$0 + jnp.linspace(-0.2, 0.2, {}, dtype=$0.dtype)", length),
                        {luck}, Shape{length}, {-0.2, 1.2});
      }
      over.push_back({{"coin", "luck"}, chances});
      return i
          .scan({"decode_step", "next_token"},
                {{{"h", "state"}, h0, hidden, {}}, {{"prev", "last"}, first, ids, {}}}, over,
                {scores ? Words{"nll", "costs"} : Words{"states", "path"}},
                [&](const Ids& q) { return of.step(q); })
          .stacked[0];
    };
    ValueId out;
    if (by_scan) {
      const ValueId total = i.let({"total0", "start"},
                                  i.either({"jnp.zeros((), $0.dtype)", "jnp.zeros_like($0[0, 0])"}),
                                  {coins}, Shape{}, {0, 60});
      i.scan({"score_sequence", "run_one"},
             {{{"total", "sum_cost"}, total, {0, 60}, {"total_cost", "batch_cost"}}},
             {{{"seq", "ids"}, tokens}, {{"luck", "us"}, coins}}, {{"costs", "per_sequence"}},
             [&](const Ids& q) {
               const ValueId each = decode(q[1], q[2]);
               const ValueId mean = i.let({"cost_mean"}, i.either({"jnp.mean($0)", "$0.mean()"}),
                                          {each}, Shape{}, {0, 6});
               return Ids{i.let({"sum_next"}, "$0 + $1", {q[0], mean}, Shape{}, {0, 60}), mean};
             });
      return;
    }
    out = mapped(i, {"decode_one", "run_one"}, {{{"seq", "ids"}, tokens}, {{"luck", "us"}, coins}},
                 {scores ? Words{"token_costs", "losses"} : Words{"states", "hidden"}},
                 [&](const Ids& q) { return Ids{decode(q[0], q[1])}; })[0];
    if (scores && i.chance(0.5))
      i.let({"loss", "mean_cost"}, i.either({"jnp.mean($0)", "$0.mean()"}), {out}, Shape{}, {0, 6});
  });
}

constexpr Interval kWaits{0, 3};
constexpr Interval kRates{0.01, 0.3};

// Training until a validation loss has stopped to fall for a number of epochs; the best weights are
// remembered.
struct Patience {
  Idiom& i;
  ValueId x, y, vx, vy;
  BodyId loss;
  std::string lr, margin;
  bool shrinks;
  Interval rounds;

  std::vector<Idiom::Carry> start(ValueId w0, bool epochs) const;
  // The weights after all batches.
  ValueId train(const Ids& p) const;
  // The best weights, their loss, how long nothing was better (and the rate), by the loss now.
  Ids remember(const Ids& p, ValueId w, ValueId now) const;
  Ids epoch(const Ids& p) const;
};

std::vector<Idiom::Carry> Patience::start(ValueId w0, bool epochs) const {
  std::vector<Idiom::Carry> carries = {
      {{"w", "params"}, w0, kWeights, {}},
      {{"best_w", "kept"}, w0, kWeights, {"best_params", "kept"}},
      {{"best", "lowest"}, infinity(i), kLoss, {"best_loss", "lowest"}},
      {{"bad", "waited"}, count_from(i, {"no_bad", "patience_used"}, 0, kWaits), kWaits, {}},
      {{"epoch", "n"},
       count_from(i, {"start", "epoch0"}, 0, rounds),
       rounds,
       epochs ? Words{"epochs_run", "stopped_at"} : Words{}}};
  if (shrinks)
    carries.push_back(
        {{"rate", "step"},
         i.let({"rate0"}, "jnp.asarray(" + lr + ", $0.dtype)", {w0}, scalar(i), kRates),
         kRates,
         {}});
  return carries;
}

ValueId Patience::train(const Ids& p) const {
  const Type vector = i.type(p[0]);
  return i
      .scan({"batch_step", "train_step"},
            {{{"v", "weights"}, p[0], kWeights, {"w_end", "w_epoch"}}},
            {{{"xb", "inputs"}, x}, {{"yb", "outputs"}, y}}, {},
            [&](const Ids& q) {
              const ValueId g = slope_of(i, loss, {q[0], q[1], q[2]}, false)[1];
              return Ids{
                  shrinks ? i.let({"v_next"}, "$0 - $1 * $2", {q[0], p[5], g}, vector, kWeights)
                          : i.let({"v_next"}, "$0 - " + lr + " * $1", {q[0], g}, vector, kWeights)};
            })
      .final[0];
}

Ids Patience::remember(const Ids& p, ValueId w, ValueId now) const {
  const Type vector = i.type(w), one = scalar(i);
  const ValueId better =
      i.let({"better", "improved"}, "$0 < $1" + margin, {now, p[2]}, flags({}), {0, 1});
  std::vector<Part> taken = {{{"u", "old_w"}, vector, kWeights},
                             {{"b", "old_best"}, one, kLoss},
                             {{"k", "old_bad"}, counts(i, {}), kWaits}};
  std::vector<Part> given = {{{"best_w_next"}, vector, kWeights},
                             {{"best_next"}, one, kLoss},
                             {{"bad_next"}, counts(i, {}), kWaits}};
  Ids operands = {p[1], p[2], p[3]};
  if (shrinks) {
    taken.push_back({{"r", "old_rate"}, one, kRates});
    given.push_back({{"rate_next"}, one, kRates});
    operands.push_back(p[5]);
  }
  return i.cond(
      better, operands, taken, {"remember", "record_best"},
      [&](const Ids& q) {
        Ids out = {w, now, i.let({"none"}, "jnp.zeros_like($0)", {q[2]}, counts(i, {}), kWaits)};
        return and_when(shrinks, out, shrinks ? q[3] : kNoValue);
      },
      {"wait", "count_bad"},
      [&](const Ids& q) {
        Ids out = {q[0], q[1], i.let({"one_more"}, "$0 + 1", {q[2]}, counts(i, {}), kWaits)};
        return and_when(shrinks, out,
                        shrinks ? i.let({"slower"}, "0.5 * $0", {q[3]}, one, kRates) : kNoValue);
      },
      given, {true, {}});
}

Ids Patience::epoch(const Ids& p) const {
  const ValueId w = train(p);
  const ValueId now =
      i.let({"now", "valid_loss"}, "$f0($0, $1, $2)", {w, vx, vy}, Bodies{loss}, scalar(i), kLoss);
  const Ids next = remember(p, w, now);
  Ids out = {w, next[0], next[1], next[2],
             i.let({"epoch_next"}, "$0 + 1", {p[4]}, counts(i, {}), rounds)};
  return and_when(shrinks, out, next.back());
}

Op early_stopping() {
  return idiom("early_stopping", kConditional, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t batches = i.between(2, 4), rows = few(i, 6, 3), d = i.between(2, 4),
                       most = i.between(5, 10), patience = i.between(1, 3);
    const Fit fit = i.random().pick(fits());
    const Type vector{i.real(), {d}};
    const ValueId w0 = i.argument({"w0", "params", "init_params"}, vector, {-1, 1});
    const ValueId x = i.argument({"train_x", "x"}, {i.real(), {batches, rows, d}}, {-2, 2});
    const ValueId y = i.argument({"train_y", "y"}, {i.real(), {batches, rows}}, fit.targets);
    const ValueId vx = i.argument({"valid_x", "held_out_x"}, {i.real(), {rows, d}}, {-2, 2});
    const ValueId vy = i.argument({"valid_y", "held_out_y"}, {i.real(), {rows}}, fit.targets);
    i.called({"train_until_worse", "early_stopping", "fit_with_patience"});
    i.summary("Fit " + fit.says + " until a held-out loss has stopped to fall.");
    const std::string lr = i.setting({"learning_rate", "lr"}, {"0.2", "0.3", "0.1"});
    const std::string margin = i.either({" - 3e-3", " - 1e-3", " - 1e-2"});
    const bool shrinks = i.chance(0.4), epochs = i.chance(0.4);
    const BodyId loss = loss_of(i, fit, rows, d);
    const Patience of{i, x, y, vx, vy, loss, lr, margin, shrinks, below(most)};
    const std::vector<Idiom::Carry> carries = of.start(w0, epochs);
    i.while_loop(
        carries, {"keep_training", "not_done"},
        [&](const Ids& p) {
          return Ids{i.let({"go_on"}, fmt::format("($0 < {}) & ($1 < {})", patience, most),
                           {p[3], p[4]}, flags({}), {0, 1})};
        },
        {"epoch", "train_epoch"}, [&](const Ids& p) { return of.epoch(p); });
  });
}

constexpr Interval kValues{-9, 9};

// A small decision process.
struct Decisions {
  Idiom& i;
  std::int64_t states, actions;
  ValueId p, rewards;
  bool sweeps;  // a sweep over the states rather than backups of all until they settle
  std::string gamma, tolerance;

  ValueId evaluate(ValueId pi, ValueId v) const;
  ValueId improve(ValueId v) const;
};

ValueId Decisions::evaluate(ValueId pi, ValueId v) const {
  const Type values{i.real(), {states}};
  const std::string lookup = fmt::format("$0[jnp.arange({}), $1]", states);
  const ValueId r = i.let({"r_pi", "reward"},
                          i.either({lookup, "jnp.take_along_axis($0, $1[:, None], axis=1)[:, 0]"}),
                          {rewards, pi}, values, {-1, 1});
  const ValueId m = i.let({"p_pi", "chain"}, lookup, {p, pi}, Shape{states, states}, {0, 1});
  if (sweeps)
    return i.fori(
        0, states, {"update_state", "visit"},
        {{{"v", "values"}, v, kValues, {"evaluated", "v_pi"}}}, [&](const Ids& q) {
          const ValueId value = i.let({"target"}, "$0[$1] + " + gamma + " * $2[$1] @ $3",
                                      {r, q[0], m, q[1]}, scalar(i), kValues);
          return Ids{i.let({"v_next"}, "$0.at[$1].set($2)", {q[1], q[0], value}, values, kValues)};
        })[0];
  return until_settled(
      i, {tolerance, 30, 9}, {{{"v", "values"}, v, kValues, {"evaluated", "v_pi"}}},
      {"backup", "evaluation_sweep"}, [&](const Ids& q) {
        const ValueId next = i.let(
            {"v_next"},
            i.either({"$0 + " + gamma + " * $1 @ $2", "$0 + " + gamma + " * jnp.dot($1, $2)"}),
            {r, m, q[0]}, values, kValues);
        return Ids{next,
                   i.let({"gap"}, "jnp.max(jnp.abs($0 - $1))", {next, q[0]}, Shape{}, {0, 9})};
      })[0];
}

ValueId Decisions::improve(ValueId v) const {
  const Type policy = counts(i, {states}), all{i.real(), {states, actions}};
  const Interval choices{0, static_cast<double>(actions - 1)};
  const ValueId q = i.let({"q", "action_values"},
                          i.either({"$0 + " + gamma + " * $1 @ $2",
                                    "$0 + " + gamma + " * jnp.einsum(\"sat,t->sa\", $1, $2)"}),
                          {rewards, p, v}, all, kValues);
  return i.let({"pi_next", "greedy"}, i.either({"jnp.argmax($0, axis=1)", "$0.argmax(axis=-1)"}),
               {q}, policy, choices);
}

// Policy iteration: the values of a policy until they settle, then the policy that is best for
// them.
Op policy_iteration() {
  return idiom("policy_iteration", kLoop, 1.1, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t states = i.between(3, 6), actions = i.between(2, 3),
                       rounds = i.between(2, 4);
    const Type values{i.real(), {states}}, policy = counts(i, {states}),
                                           all{i.real(), {states, actions}};
    const Interval range = kValues, choices{0, static_cast<double>(actions - 1)};
    const ValueId logits = i.argument({"transition_logits", "dynamics", "logits"},
                                      {i.real(), {states, actions, states}}, {-2, 2});
    const ValueId rewards = i.argument({"rewards", "reward_table", "r"}, all, {-1, 1});
    const bool until = i.chance(0.4), sweeps = i.chance(0.35), regular = i.chance(0.5);
    const std::string gamma = i.setting({"gamma", "discount"}, {"0.8", "0.7", "0.9"});
    const std::string tolerance = sweeps ? "" : i.setting({"tol", "tolerance"}, {"1e-2", "1e-3"});
    i.called({"policy_iteration", "improve_policy", "plan_by_evaluation"});
    i.summary("Plan by evaluating a policy and improving it in turns.");
    const ValueId p = i.let({"transitions", "probs"}, "jax.nn.softmax($0, axis=-1)", {logits},
                            i.shape(logits), {0, 1});
    const ValueId pi0 = i.let({"pi0", "first_policy"},
                              i.either({"jnp.argmax($0, axis=1)", "jnp.argmin($0, axis=1)"}),
                              {rewards}, policy, choices);
    const ValueId v0 = i.let({"v0", "start"},
                             i.either({fmt::format("jnp.zeros({}, $0.dtype)", states),
                                       "jnp.zeros_like($0[:, 0])", "jnp.max($0, axis=1)"}),
                             {rewards}, values, range);
    const Decisions of{i, states, actions, p, rewards, sweeps, gamma, tolerance};
    if (until) {
      const Interval counted{0, 9};
      const ValueId none = count_from(i, {"n0", "first_round"}, 0, counted);
      const ValueId never = i.let({"no_policy", "before"}, "$0 - 1", {pi0}, policy, {-1, 1});
      i.while_loop(
          {{{"pi", "policy"}, pi0, choices, {"policy", "pi_star"}},
           {{"v", "values"}, v0, range, {"values", "v_star"}},
           {{"old", "previous"}, never, {-1, 2}, {}},
           {{"n", "round"}, none, counted, {}}},
          {"changing", "unsettled"},
          [&](const Ids& q) {
            return Ids{i.let({"go_on"}, "jnp.any($0 != $1) & ($2 < 6)", {q[0], q[2], q[3]},
                             flags({}), {0, 1})};
          },
          {"evaluate_and_improve", "turn"},
          [&](const Ids& q) {
            const ValueId v = of.evaluate(q[0], q[1]);
            return Ids{of.improve(v), v, q[0],
                       i.let({"n_next"}, "$0 + 1", {q[3]}, counts(i, {}), counted)};
          });
      return;
    }
    const bool trace = regular;
    i.scan(
        {"evaluate_and_improve", "turn"},
        {{{"pi", "policy"}, pi0, choices, {"policy", "pi_end"}},
         {{"v", "values"}, v0, range, trace ? Words{} : Words{"values", "v_end"}}},
        {}, when(trace, {"value_history", "history"}),
        [&](const Ids& q) {
          const ValueId v = of.evaluate(q[0], q[1]);
          return and_when(trace, {of.improve(v), v}, v);
        },
        "", rounds);
  });
}

}  // namespace

std::vector<Op> nested_training_idioms() {
  return {minibatch_epochs(),  adapt_across_tasks(), truncated_backprop(),
          scheduled_decoder(), early_stopping(),     policy_iteration()};
}

}  // namespace jaxsmith::plan
