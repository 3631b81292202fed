// What a back end's functions are made of: operations, the categories that they belong to, and what
// the names in their spellings mean. Planning and rendering know a back end by its catalogue alone.
//
//   const Catalogue catalogue({.categories = {{"sums"}}, .imports = {{"toy", "import toy"}}},
//                             {unary("wave", …)});
//   PlanOptions options{&catalogue};
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/brought.h"
#include "plan/calls.h"
#include "plan/dialect.h"
#include "plan/op.h"
#include "plan/preparation.h"
#include "plan/reasons.h"
#include "plan/setting_words.h"
#include "plan/weights.h"

namespace jaxsmith::plan {

class Turns;         // plan/turns.h
struct FunctionUse;  // there, too

struct Member;
struct Node;
struct Settings;
struct Unit;

// What programs of a category are like.
struct CategoryProfile {
  std::string_view name = {};
  double share = 0;         // of its operations in programs of other categories
  double own_share = 1.6;   // more of them in its own
  bool has_bodies = false;  // its operations hold functions: fewer of them within one another
  // Of its families: how many have an operation of it that holds one. A map makes a selection of
  // such a branch: they are mapped the less.
  double branch_share = 0;
  int families = 4;  // of each round, beside the other categories'
  // Of arguments of its programs: how often they are integers, complex, booleans, matrices.
  double integer_share = 0.15, complex_share = 0.02, bool_share = 0.05, matrix_share = 0;
  double device_share = 0;   // how often a family spreads over devices
  double scalar_share = 0;   // how often all values of a family are of rank 0
  bool keeps_loops = false;  // none of its loops is left to Python
  // What a function of its programs does, in a word, where nothing says more; what an array without
  // a role is called, and one of rank 2: empty where that is as in any category.
  std::vector<std::string> verbs = {}, arrays = {}, matrices = {};
};

// Another program that calls a family's root; nothing where it does not apply.
using MemberRule = std::optional<Member> (*)(const Program& root, const Settings& settings,
                                             Random random);

// What a call of a function says of its arguments by number, where what was one argument is
// several: `before` and `after` are the units of its parameters.
using SpreadRule = void (*)(Node& call, const std::vector<Unit>& before,
                            const std::vector<Unit>& after);

struct Vocabulary {
  std::vector<CategoryProfile> categories = {};  // by Category
  // What a spelling starts with where it is a function of the usual module, or of the one below.
  std::vector<std::string> usual_prefixes = {}, lower_prefixes = {};
  std::map<std::string, std::string, std::less<>> imports = {};  // name → statement
  // A name that people also write as an attribute of another one: "lax" → "jax".
  std::map<std::string, std::string, std::less<>> attributes_of = {};
  std::string annotation = {};  // of an array; empty: nothing is annotated
  // Functions that undo one another, by the last part of their entries' names: "exp" and "log".
  std::vector<std::pair<std::string, std::string>> inverses = {};
  bool containers = false;  // whether functions take tuples, dicts and named tuples of arrays
  // Joins a list of arrays along a new first axis; empty: no loop is left to Python.
  std::string stack = {};
  // What compiles a function, and takes names of arguments that are numbers of Python's; empty: no
  // function has such arguments.
  std::string compiler = {};
  // Its arguments that say which these are, by their names and by their places.
  std::string static_names = {}, static_places = {};
  // What makes a dataclass one of these; empty: dataclasses are not taken.
  std::string dataclass_decorator = {};
  std::string (*dtype_text)(DType) = nullptr;  // for the entry "astype", where there is one
  MemberRule gradient = nullptr, mapped = nullptr;
  SpreadRule spread = nullptr;
  std::vector<Dialect> dialects = {};  // their shares add up to less than one
  std::vector<Preparation> preparations = {};
  Calls calls = {};
  ControlForms control = {};
  ByCall<CallReason> reasons = {};
  std::vector<ArgumentReason> argument_reasons = {};  // what says most first
  SettingTables settings = {};
  // Of what a function makes of another one: "batched_{}" of vmap.
  ByCall<std::vector<std::string>> names_of_made = {};
  // Of a root's argument with such a hint, in the place of all others.
  std::map<std::string, std::vector<std::string>, std::less<>> names_by_hint = {};
};

// Weights where entries and categories go by their names.
struct NamedWeights {
  std::map<std::string, double, std::less<>> entries = {}, categories = {};
  Weights others = {};
};

class Catalogue {
 public:
  // `fitted`: factors by the names of entries, which need not all be there, and others. `parts`: of
  // the same names. `functions`: which of the library's entries call; none: nothing is known of it.
  Catalogue(Vocabulary vocabulary, std::vector<Op> ops, NamedWeights fitted,
            std::span<const BroughtParts> parts, std::span<const FunctionUse> functions);
  Catalogue(Vocabulary vocabulary, std::vector<Op> ops, NamedWeights fitted = {},
            std::span<const BroughtParts> parts = {});
  ~Catalogue();
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  std::span<const Op> ops() const { return ops_; }
  const Op* find(std::string_view name) const;   // in constant time; none: there is no such entry
  const Op& named(std::string_view name) const;  // it must exist
  const Vocabulary& vocabulary() const { return vocabulary_; }
  std::span<const CategoryProfile> categories() const { return vocabulary_.categories; }
  const CategoryProfile& profile(Category category) const {
    return vocabulary_.categories[static_cast<std::size_t>(category)];
  }
  const CategoryProfile* profile(std::string_view category) const;  // none: no such category
  const Weights& weights() const { return weights_; }  // where a run has none of its own
  // What an application of one of its entries becomes; by its traits where that was not learnt.
  const Brings& brings(const Op& op) const {
    return brings_[static_cast<std::size_t>(&op - ops_.data())];
  }
  const Turns& turns() const { return *turns_; }

 private:
  Vocabulary vocabulary_;
  std::vector<Op> ops_;
  std::unordered_map<std::string_view, const Op*> by_name_;
  Weights weights_;
  std::vector<Brings> brings_;
  std::unique_ptr<const Turns> turns_;
};

}  // namespace jaxsmith::plan
