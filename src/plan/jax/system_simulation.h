// A simulation of a system of stores and flows (system_models.h) as a program: its parts, constants
// and laws as they are drawn, an integrator, what drives it, what is told of it, and studies of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/system_models.h"

namespace jaxsmith::plan {

enum class Order { kEuler, kMidpoint, kHeun, kRungeKutta };
enum class Study { kRun, kCompare, kFit, kTable, kSettle };

// A flow of the program's system, with the law that it has here.
struct Flowing {
  SystemFlow flow;
  std::string law;
  BodyId function = -1;  // none: written out where it is needed
};

// What a formula names, in order.
std::vector<std::string> names_in(const std::string& form);
bool holds(const std::vector<std::string>& names, const std::string& name);
std::string braced(const std::string& name);
// Whether a law is nothing but a name.
bool is_bare(const std::string& law);
bool calls_function(const std::string& law);
// The first of these sentences that a line of a docstring holds.
std::string fitting(const std::vector<std::string>& sentences);
ValueId id_of(const Terms& terms, const std::string& name);

class Simulation {
 public:
  using Ids = Idiom::Ids;
  using Words = Idiom::Words;
  using Parts = std::vector<Idiom::Part>;
  using Names = std::vector<std::string>;

  Simulation(Idiom& i, Category category, Study study);
  void write();

 private:
  // ---- What the system is ----
  bool here(const std::string& part) const;
  void draw_parts();
  void draw_driver();
  // Of what is observed nothing shows stores that it does not answer: they are surroundings.
  void leave_out_unseen();
  // Constants are arguments, names of the module or numbers in the laws.
  void draw_constants();
  void draw_trackers();
  const SystemStore& store(const std::string& name) const;
  // What it is called in code, and what else it may be called.
  std::string word(const std::string& name) const;
  Words either_word(const std::string& name) const;
  std::string word(const std::string& name, bool brief) const;
  // Within a loop, where the first names may be those of what it starts from.
  Words carried_as(const std::string& name) const;
  Names state() const;
  Interval room(const std::string& name) const;
  Interval slope(const std::string& name) const;
  bool is_store(const std::string& name) const;
  Idiom::Part part(const std::string& name) const;
  Parts parts(const Names& names) const;

  // ---- Laws, rates and a step ----
  // What a law takes as parameters.
  Names taken_by(const std::string& law) const;
  Terms terms_of(const Names& names, const Ids& ids) const;
  static Ids values(const Terms& terms, const Names& names);
  Interval reach(const Flowing& flowing) const;
  void define_laws();
  void define_rates();
  Ids rates_of(Terms terms);
  Ids slopes_at(const Ids& state, const Ids& beside, const std::string& prefix);
  Ids moved(const Ids& state, const Ids& slopes, const std::string& by, const std::string& suffix);
  void define_step();
  std::string sixth() const;
  Ids stepped(const Ids& state, const Ids& beside);

  // ---- What drives it ----
  void define_driver();
  struct Input {
    std::string name;
    Idiom::Part part;
  };
  // What it takes from outside beside the state and the constants.
  std::vector<Input> inputs() const;
  // Of a carry: what it is called within the loop and after it.
  struct Carried {
    std::string name;
    Idiom::Carry carry;
  };
  bool by(Driving how) const;
  bool counts_steps() const;
  std::vector<Carried> memory(const Terms& in);
  ValueId measured(Terms& now, ValueId t, Terms& next);
  // What drives the system at this step; what is remembered of it goes into `next`.
  ValueId driven(Terms& now, ValueId t, Terms& next);
  ValueId switched(Terms& now, ValueId x, Terms& next);
  // Once a threshold is passed, for some steps.
  ValueId restricted(Terms& now, ValueId x, Terms& next);
  // A store with what is put into it at this step.
  ValueId pulsed(Terms& now, ValueId t);

  // ---- What is told of it ----
  std::vector<Carried> trackers(const Terms& in);
  void track(const Terms& now, ValueId x, ValueId drive, ValueId t, Terms& next);

  // ---- All steps ----
  // Stores whose end is given: so that each store moves one of them.
  std::set<std::string> kept(bool all);
  bool moves_others(const std::string& name) const;
  // Other stores whose rates this one enters.
  std::set<std::string> moved_by(const std::string& name) const;
  bool reaches(const std::string& name, const std::set<std::string>& ends) const;
  // One pass of the loop: the next of everything that is carried.
  Terms pass(const Terms& in, Terms now, ValueId t);
  // Runs the loop on what `in` names; gives what is left, by name.
  Terms run(const Terms& in, bool all_ends);
  ValueId misfit(const Terms& out, const Terms& in);
  std::string phrase() const;
  std::string about() const;
  std::string simulation_says() const;
  // Arguments of the root: where the state begins, constants, what drives it.
  Terms arguments();
  void run_here();
  void reduce(ValueId history);
  // Until nothing moves any more.
  void settle();

  // ---- Studies of a run ----
  // The run as a function of the module: of these, and what it gives.
  struct Run {
    BodyId function = -1;
    Names takes, gives;
    Parts results;
  };
  Run run_function();
  // One that the run answers: a constant, or what drives it.
  std::string varied() const;
  Idiom::Part part_of(const std::string& name) const;
  void compare();
  void table();
  Terms arguments_but(const std::string& left_out);
  // Its constants by observations: how the misfit answers them, or a descent.
  void fit();

  Idiom& i_;
  const Category category_;
  const Study study_;
  const StockSystem& system_;
  std::set<std::string> parts_;
  std::string with_, by_, dt_, limit_;
  std::vector<SystemStore> stores_;
  std::vector<Flowing> flows_;
  std::optional<SystemDriver> driver_;
  std::optional<SystemPulse> pulse_;
  Order order_{};
  Names given_, beside_;
  std::map<std::string, Interval> ranges_;
  Terms texts_;
  std::int64_t steps_ = 0, substeps_ = 1, lag_ = 1, phases_ = 1, period_ = 1;
  bool brief_ = false, period_given_ = false, delayed_ = false, observed_ = false, history_ = false,
       peak_ = false, low_ = false, total_ = false, above_ = false, crossings_ = false,
       effort_ = false, switches_ = false;
  BodyId rates_ = -1, step_ = -1, combine_ = -1, acts_ = -1;
};

}  // namespace jaxsmith::plan
