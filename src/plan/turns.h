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

#include "plan/op.h"

namespace jaxsmith::plan {

struct Node;
struct Vocabulary;

// What is known of a function of the library: a row of the back end's table, which
// calibrate/reach.h makes.
struct FunctionUse {
  std::string_view function;  // in full: "jax.numpy.fliplr"
  double usual = 0;           // how many of 20,000 functions call it in programs with idioms
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

  // How many of the first kCounted turns of a seed are of each category. Safe on threads.
  static constexpr std::uint64_t kCounted = 1000;
  using Counts = std::map<Category, std::uint64_t>;
  std::shared_ptr<const Counts> counts(std::uint64_t seed) const;

 private:
  struct Entry {
    const Op* op;
    double share;
  };
  struct Candidate {
    std::string_view function;
    std::vector<Entry> entries;
    double all = 0;           // their shares
    std::uint64_t up_to = 0;  // weights of all up to this one
  };
  // What was counted last: every family of a run asks for the counts of its seed.
  struct Counted {
    std::mutex lock;
    std::uint64_t seed = 0;
    std::shared_ptr<const Counts> counts;
  };
  static Candidate candidate(std::string_view function, std::vector<Entry> entries);
  void add(Candidate candidate, double weight);
  static std::vector<double> weights_for(const std::vector<Candidate>& candidates,
                                         const std::vector<double>& lacks);

  std::vector<Candidate> candidates_;
  std::unique_ptr<Counted> counted_ = std::make_unique<Counted>();
};

// Functions of the library that a spelling names, in full: "jax.numpy.sin" of "jnp.sin($0)".
std::set<std::string, std::less<>> functions_in(std::string_view spelling, const Vocabulary& words);

// The functions that a step names: its spelling, and what stands for holes of it.
std::set<std::string, std::less<>> functions_in(const Node& node, const Vocabulary& words);

// The entry, drawn so that a step of it calls the function; as it is where that is empty. All
// outlive it.
Op calling(const Op& op, std::string_view function, const Vocabulary& words);

}  // namespace jaxsmith::plan
