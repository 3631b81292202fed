// Whose turn it is: what families feature that begin with no idiom. Weights and idioms leave many
// functions of a library rare; each of these has its turn, and with it an entry whose step calls
// it. So has each entry that no function brings up. Which turn is whose is a function of its number
// alone, so that families need not be planned one after another.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "plan/op.h"

namespace jaxsmith::plan {

class Builder;
struct Node;
struct Vocabulary;

// What is known of a function of the library: a row of the back end's table, which
// calibrate/reach.h makes.
struct FunctionUse {
  std::string_view function;  // in full: "jax.numpy.fliplr"
  double usual = 0;           // how many of 20,000 functions call it apart from what has turns
  // Of their applications so many call it: "flip:0.2, lax.rev call:0.5".
  std::string_view entries;
};

// What a program features; `function` is empty where any spelling will do.
struct Turn {
  const Op* op = nullptr;
  std::string_view function = {};
};

// Whether an entry may have its turn.
bool has_turns(const Op& op);

class Turns {
 public:
  Turns() = default;
  // Both outlive it. Rows that name entries which there are not are left out.
  Turns(std::span<const Op> ops, std::span<const FunctionUse> functions);

  // Turns that are near one another in number are far apart in the table; over any stretch of them
  // each has as many as it should.
  Turn at(std::uint64_t seed, std::uint64_t number) const;
  bool empty() const { return candidates_.empty(); }

  // One of these entries, the likelier the more turns it has: what goes on with something brings up
  // what is rare as well. `entries` is not empty.
  Turn among(const std::vector<const Op*>& entries, Random& random) const;

  // How likely a text that calls these is written where people may write others as well: 1, more
  // where programs hardly ever call one of them.
  double rarity(const std::set<std::string, std::less<>>& functions) const;

  // How many of the first kCounted turns of a seed are of each category. Safe on threads.
  static constexpr std::uint64_t kCounted = 1000;
  using Counts = std::map<Category, std::uint64_t>;
  std::shared_ptr<const Counts> counts(std::uint64_t seed) const;

 private:
  struct Entry {
    const Op* op;
    double share;       // of its applications that call the function
    double weight = 0;  // among the entries that do
  };
  struct Candidate {
    std::string_view function;
    std::vector<Entry> entries;
    double all = 0;           // their weights
    std::uint64_t up_to = 0;  // weights of all up to this one
  };
  // What was counted last: every family of a run asks for the counts of its seed.
  struct Counted {
    std::mutex lock;
    std::uint64_t seed = 0;
    std::shared_ptr<const Counts> counts;
  };
  static Candidate candidate(std::string_view function, std::vector<Entry> entries);
  // How many of the candidates' functions an application of each entry calls.
  using Calls = std::map<const Op*, double>;
  static Calls calls_of(const std::vector<Candidate>& candidates);
  static void weigh_entries(std::vector<Candidate>& candidates);
  static std::vector<double> weights_for(const std::vector<Candidate>& candidates,
                                         const std::vector<double>& lacks);
  void add(Candidate candidate, double weight);

  // A function that an entry may call, none where any spelling will do, and its share of turns.
  struct Called {
    std::string_view function;
    double turns;
  };

  std::map<std::string_view, double> usual_;  // how many of 20,000 functions call it
  std::vector<Candidate> candidates_;
  std::map<std::string_view, std::vector<Called>> called_;  // by the names of entries
  std::unique_ptr<Counted> counted_ = std::make_unique<Counted>();
};

// Functions of the library that a spelling names, in full: "jax.numpy.sin" of "jnp.sin($0)".
std::set<std::string, std::less<>> functions_in(std::string_view spelling, const Vocabulary& words);

// The functions that a step names: its spelling, and what stands for holes of it.
std::set<std::string, std::less<>> functions_in(const Node& node, const Vocabulary& words);

// The entry, drawn so that a step of it calls the function; as it is where that is empty. All
// outlive it.
Op calling(const Op& op, std::string_view function, const Vocabulary& words);

// Which of these texts is written; `texts` is not empty. By their rarity, and where some call what
// is asked for (Builder::asked) mostly one of those.
std::size_t likelier(Builder& b, std::span<const std::string> texts);

}  // namespace jaxsmith::plan
