// Idioms: computations that people of a field write again and again, composed of typed parts with
// real choices inside. An idiom is one entry of the catalogue like any operation; its steps are
// nodes of the program, which differentiate, map and mix with the rest.
//
//   Op rms_norm() {
//     return idiom("rms_norm", kReduction, 1.0, Derivative::kSmooth, [](Idiom& i) {
//       i.called({"rms_norm", "scale_by_rms"});
//       i.summary("Scale each row to unit root mean square.");
//       const ValueId x = i.anchor({"x", "hidden"}, 2, 3, {-3, 3});
//       const ValueId gain = i.input({"gain", "scale"}, {i.dim(x, -1)}, {0.5, 1.5});
//       const ValueId power = i.let({"power", "mean_square"}, "jnp.mean(jnp.square($0), axis=-1, "
//                                   "keepdims=True)", {x}, i.with_last(x, 1), {0.1, 9});
//       i.let({"normalized"}, "$0 * lax.rsqrt($1 + 1e-6) * $2", {x, power, gain},
//             i.shape(x), {-4, 4});
//     });
//   }
//
// A step says in Python with holes what it does (parsed once, as spellings are), which type JAX
// gives it and where its elements lie in practice. A method that fails (no fitting value in
// scope, a result that may not stand) ends the idiom, so that it is written without checks; what it
// had made is then taken back.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/builder.h"
#include "plan/op.h"

namespace jaxsmith::plan {

// How branches take and give their values: operands as one tuple, results in nested tuples (see
// Node::result_groups).
struct Packing {
  bool operands = false;
  std::vector<int> results = {};
};

class Idiom {
 public:
  using Words = std::vector<std::string>;
  using Ids = std::vector<ValueId>;

  Idiom(Builder& builder, const Op& op);

  // ---- Choices ----
  Random& random() { return b_.random(); }
  bool chance(double probability) { return random().chance(probability); }
  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    if (hi < lo) fail();  // sizes that have no room for it
    return random().between(lo, hi);
  }
  // One of these: what calls a function that programs hardly ever call is the likelier, and what
  // calls one that is asked for (Builder::asked) nearly certain.
  std::string either(const Words& texts);
  double number(const std::vector<double>& of) { return random().pick(of); }
  // A number as Python writes it: "0.5", "1e-05".
  static std::string text(double value);
  // Places of operands: "$2, $3".
  static std::string holes(std::size_t from, std::size_t count);
  std::int64_t size() { return b_.size(); }  // of an axis, as this program's are
  DType real() const;                        // of this program
  DType integer() const;                     // what JAX counts and indexes in

  // A number that people give a name now and then: written out, a default argument of the root (or
  // of the function that plan/outline.h makes of its steps), or a constant of the module. Gives the
  // Python text that stands for it: one of `values`, or a name.
  std::string setting(const Words& names, const Words& values);

  // ---- What it is about ----
  void called(Words names);        // names for a function that does just this, the likeliest first
  void summary(std::string line);  // one more sentence that is true of it: docstrings
  // A comment above the next step: why it is there.
  void comment(std::string line);

  // ---- Operands ----
  // The operand that sets the sizes: a value in scope of real elements whose rank lies in
  // [min_rank, max_rank] and whose elements lie in `range` (those of others are not taken), or a
  // new argument of the root with a shape of this program's sizes.
  ValueId anchor(Words names, int min_rank, int max_rank, Interval range);
  // An operand of this shape: a value in scope that fits, is used by nothing else and is not this
  // idiom's own, or a new argument of the root.
  ValueId input(Words names, Shape shape, Interval range);
  ValueId input(Words names, Type type, Interval range);
  // A value that the root has computed and that nothing uses yet. Fails where there is none.
  ValueId left_over(const Accept& accept);
  // Never a value in scope: its role is its own. A new argument of the root, or what is made of
  // some (plan/preparation.h). Fails in other bodies.
  ValueId argument(Words names, Type type, Interval range);

  // ---- Types ----
  Shape shape(ValueId id) const;
  Type type(ValueId id) const;
  int rank(ValueId id) const { return static_cast<int>(shape(id).size()); }
  std::int64_t dim(ValueId id, int axis) const;          // from the end where negative
  Shape with_last(ValueId id, std::int64_t size) const;  // its shape with another last axis
  Shape without_axis(ValueId id, int axis) const;

  // ---- Steps ----
  // Gives a step's result a name where it gets a line of its own.
  ValueId let(Words names, std::string spelling, Ids operands, Shape shape, Interval range);
  ValueId let(Words names, std::string spelling, Ids operands, Type type, Interval range);
  // With functions ($f0, $f1 …).
  ValueId let(Words names, std::string spelling, Ids operands, std::vector<BodyId> bodies,
              Type type, Interval range);
  struct Part {
    Words names;
    Type type;
    Interval range;
  };
  // A step with several results, unpacked; a part without names is not needed: `_`. `groups`: see
  // Node::result_groups.
  Ids unpack(std::string spelling, Ids operands, std::vector<BodyId> bodies,
             std::vector<Part> parts, std::vector<int> groups = {}, std::optional<Loop> loop = {});
  // A result of the whole too, though further steps go on with it: what an optimiser remembers. In
  // other functions than the root it stays a step.
  void keep(ValueId id);

  // ---- Functions within ----
  // Gives the results of the function under way.
  using Fill = std::function<Ids(const Ids& parameters)>;
  // A function in the body: a def, or a lambda where it is short. It may use values around it.
  BodyId function(Words names, std::vector<Part> parameters, const Fill& fill,
                  std::vector<int> parameter_groups = {}, std::vector<int> result_groups = {});
  // A function at the top of the module, which uses its parameters alone.
  BodyId helper(Words names, std::string summary, std::vector<Part> parameters, const Fill& fill);
  // $f0 of these.
  ValueId call(Words names, BodyId body, Ids operands, Type type, Interval range);

  // ---- Control flow ----
  struct Carry {
    Words names;  // of the parameter; the result takes the names of `final`
    ValueId init;
    Interval range;    // that the carry stays in
    Words final = {};  // empty: not needed
  };
  struct Slice {
    Words names;
    ValueId of;
  };
  struct ScanResult {
    Ids final;  // of each carry, kNoValue where it is not needed
    Ids stacked;
  };
  // The next five ask Vocabulary::control how they are written, and fail where it has no such form.
  // A loop over slices, ControlForms::scan; `step` takes the carries, then the slices, and gives
  // the next carries, then what is stacked (as many as `stacked` has names; ranges are those of
  // what it gives). Without slices it takes `length`.
  ScanResult scan(Words step_names, std::vector<Carry> carries, std::vector<Slice> over,
                  std::vector<Words> stacked, const Fill& step, std::string options = {},
                  std::int64_t length = 0);
  // A loop of so many turns, ControlForms::repeat; `step` takes the counter and the carries.
  Ids fori(std::int64_t lower, std::int64_t upper, Words step_names, std::vector<Carry> carries,
           const Fill& step);
  // A loop that ends by what it carries, ControlForms::repeat_while; the entry must be
  // Derivative::kForward at most.
  Ids while_loop(std::vector<Carry> carries, Words condition_names, const Fill& condition,
                 Words step_names, const Fill& step);
  // One of two functions, ControlForms::either; results by `parts`. A function takes at most one
  // operand that it does not need, unless they come as a tuple.
  Ids cond(ValueId predicate, Ids operands, std::vector<Part> parameters, Words yes_names,
           const Fill& yes, Words no_names, const Fill& no, std::vector<Part> parts,
           Packing packing = {});
  // One of several by a number, ControlForms::one_of; results by `parts`.
  struct Branch {
    Words names;
    Fill fill;
  };
  Ids switch_(ValueId index, Ids operands, std::vector<Part> parameters,
              const std::vector<Branch>& branches, std::vector<Part> parts, Packing packing = {});

  // ---- Beyond ----
  Builder& builder() { return b_; }
  const Program& program() const { return b_.program(); }
  // Gives the idiom up; nothing after it runs.
  struct Failure {};
  [[noreturn]] static void fail() { throw Failure{}; }
  // The argument bits of this value do not surely show in what is made of it from here on.
  void may_hide(ValueId id);

 private:
  Value result_of(const Part& part, const std::string& spelling, const Ids& operands,
                  const std::vector<BodyId>& bodies);
  ValueId existing(const Words& names, const Accept& accept);
  Ids choose(const std::function<std::string(const std::string&)>& call, ValueId by, Ids operands,
             const std::vector<Part>& parameters, const std::vector<Branch>& branches,
             std::vector<Part> parts, Packing packing);
  // How the back end spells a loop or a branch; fails where it has none.
  template <class Form>
  Form form(Form ControlForms::* of) const {
    const Form found = b_.catalogue().vocabulary().control.*of;
    if (found == nullptr) fail();
    return found;
  }
  ValueId own(ValueId id);  // the same, no longer free for another role
  bool may_add_argument() const;
  // Of an argument of a large program that has no room for more: its steps share weights and masks.
  bool may_share(const Value& v) const;
  Stats stats_of(const Type& type, Interval range);

  Builder& b_;
  const Op& op_;
  ValueId first_;  // what an idiom has made or asked for itself is no operand of another role
  std::set<ValueId> taken_;
  std::string comment_;
  std::set<const Value*> own_;  // operands and results of this idiom: each has its role
};

// An entry whose draw writes the idiom; it fails where the idiom does. The idiom's last step need
// not be its only result: what its steps leave unused are results too.
Op idiom(std::string name, Category category, double weight, Derivative derivative,
         std::function<void(Idiom&)> write);

// The same for an operation that is no idiom: a call of the library, say, with one step. It is
// drawn beside the other operations of its category.
Op written(std::string name, Category category, double weight, Derivative derivative,
           std::function<void(Idiom&)> write);

}  // namespace jaxsmith::plan
