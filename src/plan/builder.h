// Builds one program, node by node. Entries of the catalogue draw their operands from it; whatever
// an entry adds before it gives up is taken back, so that a program never holds dead code.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "plan/catalogue.h"
#include "plan/op.h"
#include "plan/program.h"
#include "plan/size.h"
#include "plan/stats.h"

namespace jaxsmith::plan {

// What a program is drawn with; another family member may be drawn with other settings.
// Of the root, as entries add them.
inline constexpr std::size_t kMostArguments = 6;

struct Settings {
  const Catalogue* catalogue = nullptr;
  std::vector<DType> dtypes;  // all that may be used
  DType real = DType::kF32;   // of this program
  DType integer = DType::kI32;
  std::vector<std::int64_t> sizes;  // of axes; programs name sizes by their place here
  std::int64_t longest = 0;         // an axis of the first argument is as long as this; 0: none
  int max_rank = 4;
  bool x64 = false;
  int devices = 1;
  std::vector<std::string> idioms;      // that a program may begin with, and must; empty: any
  std::vector<double> mix;              // weight of each category in growth
  int max_depth = 2;                    // of bodies within bodies
  SizeClass size = SizeClass::kMedium;  // no mix
  std::shared_ptr<const Weights> weights = nullptr;  // none: the catalogue's
  // Entries that map a function take any, whatever it is: for those who look at what entries do.
  bool maps_anything = false;
};

const Weights& weights_of(const Settings& settings);

using Numbers = std::map<std::string, std::vector<std::int64_t>, std::less<>>;
using Accept = std::function<bool(const Value&)>;

class Builder {
 public:
  struct Parameter {
    Type type;
    Stats stats;
    std::string hint;
    std::uint32_t arguments = 0, grad_arguments = 0;
    std::uint32_t facts = 0;
    std::uint32_t sure = 0;
    std::vector<std::string> names = {};
    bool claimed = false;  // see Value
  };

  Builder(Program& program, const Settings& settings, Random random);

  const Settings& settings() const { return settings_; }
  const Catalogue& catalogue() const { return *settings_.catalogue; }
  const Weights& weights() const { return weights_of(settings_); }
  Random& random() { return random_; }

  // The function of the library that what is drawn is to call (plan/turns.h), while there is one.
  const std::string& asked() const { return asked_; }
  void ask_for(std::string function) { asked_ = std::move(function); }
  const Value& operator[](ValueId id) const {
    return program_.values[static_cast<std::size_t>(id)];
  }
  Program& program() { return program_; }
  BodyId current() const { return scopes_.back().body; }
  // The body that is open: the root's, or a function's within.
  Body& open_body() { return program_.bodies[static_cast<std::size_t>(current())]; }
  int depth() const { return static_cast<int>(scopes_.size()) - 1; }
  // Whether only differentiable operations may be drawn in this body.
  bool differentiable() const { return scopes_.back().differentiable; }
  // The default integer type: what argmax, arange and sums of small integers give.
  DType default_integer() const { return settings_.x64 ? DType::kI64 : DType::kI32; }
  // What jnp.zeros, jnp.linspace and Python's floats as arrays have.
  DType default_real() const { return settings_.x64 ? DType::kF64 : DType::kF32; }
  bool allowed(DType dtype) const;

  // ---- Drawing ----
  // A value in scope, rather one that is not used yet; `captured`: also of enclosing bodies.
  std::optional<ValueId> draw(const Accept& accept, bool captured = true);
  std::optional<ValueId> draw_kind(std::uint32_t kinds, int min_rank = 0, int max_rank = 99);
  // Another value of the same type of element whose shape broadcasts with x's to something not too
  // large.
  std::optional<ValueId> draw_partner(ValueId x, const Accept& accept = {});
  std::int64_t size();  // of an axis
  // Makes an axis of the first argument's shape as long as settings().longest, where it may be.
  void lengthen(Shape& shape);
  // A short decimal number in [lo, hi]; an integer where the dtype is one.
  double nice_number(double lo, double hi, bool integral);

  // ---- Adding ----
  ValueId literal(double value, DType dtype);
  // Applies an entry to given operands; nothing where it does not apply, or the back end has none
  // of that name. First result.
  std::optional<ValueId> apply(std::string_view op, std::vector<ValueId> operands,
                               Numbers numbers = {});
  // The same with attributes as Python text.
  std::optional<ValueId> apply_text(std::string_view op, std::vector<ValueId> operands,
                                    std::map<std::string, std::string, std::less<>> attributes);
  // Adds what an entry has filled in; false where it may not stand here. Results are those of the
  // open body's last node.
  bool place(const Op& op, Draft& draft) { return commit(op, draft); }
  // One more parameter of the open body, which must be the root.
  ValueId add_parameter(const Parameter& parameter);
  // Draws an application of the entry. False: nothing was added.
  // `any_spelling`: each as likely, whatever the program leans to.
  bool draw_op(const Op& op, bool any_spelling = false);
  // Draws `steps` operations from the categories of settings().mix.
  void grow(int steps);
  void reserve(ValueId id, bool reserved) {
    program_.values[static_cast<std::size_t>(id)].reserved = reserved;
  }
  // Numbers for `infer` of the application under way.
  const Numbers& numbers() const { return numbers_; }
  void set_numbers(Numbers numbers) { numbers_ = std::move(numbers); }

  // ---- Leading values where an operation needs them ----
  // A value made from x whose elements lie in the interval: x itself where its bounds do.
  std::optional<ValueId> into(ValueId x, Interval interval);
  // A value made from x with this type, elements in the interval.
  std::optional<ValueId> coerce(ValueId x, const Type& type, Interval interval);
  std::optional<ValueId> convert(ValueId x, DType dtype);
  // Which elements of x lie beyond a threshold: both answers occur. The comparison is an entry's
  // name; where the stats of x are only claimed, it is with the mean of x.
  std::optional<ValueId> beyond(std::string_view comparison, ValueId x);
  // Of reals whose stats are only claimed, and of some elements: which lie above their mean.
  std::optional<ValueId> above_its_mean(ValueId x);
  // One value out of two that depends on both; `plainly`: by a sum, a difference or a product.
  std::optional<ValueId> combine(ValueId x, ValueId y, bool plainly = false);

  // ---- Bodies ----
  struct BodySpec {
    std::string hint;
    std::vector<Parameter> parameters;
    std::vector<int> parameter_groups;
    Placement placement = Placement::kNested;  // kHelper captures nothing
    bool differentiable = false;
    bool parameters_needed = true;  // every parameter must be used
  };
  // Opens a body, lets `fill` add nodes and choose results, closes it. Nothing where fill gives
  // nothing.
  std::optional<BodyId> body(
      const BodySpec& spec,
      const std::function<bool(const std::vector<ValueId>& parameters)>& fill);
  // Values of this body that nothing uses yet, parameters included.
  std::vector<ValueId> unused() const;
  // Ends the open body with one value of this type that depends on everything unused so far.
  std::optional<ValueId> fold(const Type& type, Interval interval);
  // Several at once, none of them a bare parameter: what a loop carries on, what a branch gives.
  struct Target {
    Type type;
    Interval interval;
  };
  std::optional<std::vector<ValueId>> fold_onto(const std::vector<Target>& targets);
  // As fold, whatever the type.
  std::optional<ValueId> fold();
  // Makes these the results of the open body.
  void set_results(std::vector<ValueId> results, std::vector<int> groups = {});
  // See Body::changes; a body that is complete.
  void restrict_changes(BodyId id, Changes changes) {
    program_.bodies[static_cast<std::size_t>(id)].changes = changes;
  }
  const Body& body_of(BodyId id) const { return program_.bodies[static_cast<std::size_t>(id)]; }
  // Arguments that the values captured by a body bring into whatever uses it.
  void add_captured_arguments(BodyId id, Value& result) const;

  bool broadcasts(const Shape& x, const Shape& y) const;
  // Not more elements than a program should hold in one value.
  bool acceptable_shape(const Shape& shape) const;

 private:
  struct Scope {
    BodyId body;
    bool differentiable;
    bool captures;
  };
  // Which way of writing a program leans to: operators, functions of the usual module, of the lower
  // one, methods.
  struct Taste {
    double operators, functions, lower, methods;
  };
  struct Mark {
    std::size_t values, bodies, nodes, constants, defaults;
    Numbers numbers;
  };
  // Whether values of a body may be used in the open one.
  bool sees(BodyId body) const;
  Mark mark() const;
  void take_back(const Mark& mark);
  bool computed_before(const Op& op, const Draft& draft) const;
  bool commit(const Op& op, Draft& draft);
  std::uint32_t surely_shown(const Op& op, const Draft& draft, const Value& result) const;
  std::string pick_spelling(const Op& op, const Draft& draft);
  bool try_into(ValueId x, Interval interval, int choice, std::optional<ValueId>& out);

  Program& program_;
  const Settings& settings_;
  std::string asked_;
  Random random_;
  Taste taste_;
  bool any_spelling_ = false;
  std::vector<Scope> scopes_;
  Numbers numbers_;
};

Shape broadcast_shapes(const Shape& x, const Shape& y);          // must broadcast
std::string tuple_text(const std::vector<std::int64_t>& items);  // "(2, 3)", "(2,)", "()"
std::string number_text(double value, bool integral);
// A body's parameter that stands for this value as a whole, or with another type for a part of it.
Builder::Parameter parameter_of(const Value& value);
Builder::Parameter parameter_of(const Value& value, Type type);

}  // namespace jaxsmith::plan
