#include "plan/turns.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "base/letters.h"
#include "base/named_numbers.h"
#include "base/random.h"
#include "plan/builder.h"
#include "plan/catalogue.h"

namespace jaxsmith::plan {
namespace {

// Of 20,000 functions so many are to call each function of the library, and so many families to
// feature each entry.
constexpr double kWanted = 24, kWantedOfEntries = 5;
// So many functions call it for each turn: a family has several members.
constexpr double kFunctionsOfTurn = 1.4;
constexpr double kParts = 256;  // of a weight

// What an import's name stands for: "import jax.numpy as jnp", "from jax import lax".
std::string imported(std::string_view statement) {
  const auto word_after = [&](std::string_view key) -> std::string {
    const std::size_t at = statement.find(key);
    if (at == statement.npos) return {};
    const std::string_view rest = statement.substr(at + key.size());
    return std::string(rest.substr(0, rest.find(' ')));
  };
  const bool member = statement.starts_with("from ");
  const std::string name = word_after("import ");
  return member ? word_after("from ") + "." + name : name;
}

template <class Use>
void each_dotted_name(std::string_view text, const Use& use) {
  for (std::size_t at = 0; at < text.size();) {
    const bool begins =
        in_name(text[at]) &&
        (at == 0 || (!in_name(text[at - 1]) && text[at - 1] != '.' && text[at - 1] != '$'));
    if (!begins) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && (in_name(text[end]) || (text[end] == '.' && end + 1 < text.size() &&
                                                        in_name(text[end + 1]))))
      ++end;
    use(text.substr(at, end - at));
    at = end;
  }
}

void add_functions(std::string_view text, const Vocabulary& words,
                   std::set<std::string, std::less<>>& out) {
  each_dotted_name(text, [&](std::string_view name) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const auto import = words.imports.find(name.substr(0, dot));
    if (import != words.imports.end())
      out.insert(imported(import->second) + std::string(name.substr(dot)));
  });
}

}  // namespace

bool has_turns(const Op& op) {
  return op.weight > 0 && !op.has(kIdiom | kSetting | kStudy | kOverDevices);
}

Turns::Turns(std::span<const Op> ops, std::span<const FunctionUse> functions) {
  std::unordered_map<std::string_view, double> featured;  // how often functions bring it up
  std::unordered_map<std::string_view, const Op*> by_name;
  for (const Op& op : ops)
    if (has_turns(op)) by_name.emplace(op.name, &op);
  std::vector<Candidate> candidates;
  std::vector<double> lacks;
  for (const FunctionUse& use : functions) {
    usual_[use.function] = use.usual;
    std::vector<Entry> entries;
    each_named_number(use.entries, [&](std::string_view name, double share) {
      const auto found = by_name.find(name);
      if (found != by_name.end()) entries.push_back({found->second, share});
    });
    if (entries.empty() || use.usual >= kWanted) continue;
    candidates.push_back(candidate(use.function, std::move(entries)));
    lacks.push_back((kWanted - use.usual) / kFunctionsOfTurn);
  }
  weigh_entries(candidates);
  const std::vector<double> weights = weights_for(candidates, lacks);
  for (std::size_t n = 0; n < candidates.size(); ++n) {
    for (const Entry& e : candidates[n].entries)
      featured[e.op->name] += weights[n] * e.weight / candidates[n].all;
    add(std::move(candidates[n]), weights[n]);
  }
  for (const Op& op : ops)
    if (has_turns(op)) add(candidate({}, {{&op, 1}}), kWantedOfEntries - featured[op.name]);
}

Turns::Candidate Turns::candidate(std::string_view function, std::vector<Entry> entries) {
  Candidate out{function, std::move(entries)};
  for (Entry& e : out.entries) out.all += e.weight = e.share;
  return out;
}

Turns::Calls Turns::calls_of(const std::vector<Candidate>& candidates) {
  Calls out;
  for (const Candidate& each : candidates)
    for (const Entry& e : each.entries) out[e.op] += e.share;
  return out;
}

// What calls several functions that have turns saves turns of the others.
void Turns::weigh_entries(std::vector<Candidate>& candidates) {
  const Calls calls = calls_of(candidates);
  for (Candidate& each : candidates) {
    each.all = 0;
    for (Entry& e : each.entries) {
      const double several = std::max(1.0, calls.at(e.op));
      // An entry that is asked for a function calls it mostly, however seldom it does otherwise.
      each.all += e.weight = std::sqrt(e.share) * several * several * several;
    }
  }
}

// An entry that calls several functions gives all of them a turn: each gets as many of its own as
// are left to give, which is found by going over all of them again and again.
std::vector<double> Turns::weights_for(const std::vector<Candidate>& candidates,
                                       const std::vector<double>& lacks) {
  constexpr int kPasses = 30;
  constexpr double kFewest = 0.05, kMost = 1.5;  // of what it lacks; how far a pass may go
  const Calls calls = calls_of(candidates);
  // How often the entry calls it when it has to call another one: never, of functions that it calls
  // one or the other of.
  const auto beside = [&](const Entry& e) {
    const double all = calls.at(e.op), others = all - e.share;
    return others > 0 ? e.share * std::clamp((all - 1) / others, 0.0, 1.0) : 0;
  };
  std::vector<double> weights = lacks;
  for (int pass = 0; pass < kPasses; ++pass) {
    std::unordered_map<const Op*, double> applied;
    for (std::size_t n = 0; n < candidates.size(); ++n)
      for (const Entry& e : candidates[n].entries)
        applied[e.op] += weights[n] * e.weight / candidates[n].all;
    for (std::size_t n = 0; n < candidates.size(); ++n) {
      double met = weights[n];  // its own turns call it for sure
      for (const Entry& e : candidates[n].entries)
        met += beside(e) * (applied[e.op] - weights[n] * e.weight / candidates[n].all);
      const double factor = std::clamp(lacks[n] / met, 1 / kMost, kMost);
      weights[n] = std::max(weights[n] * factor, kFewest * lacks[n]);
    }
  }
  return weights;
}

void Turns::add(Candidate candidate, double weight) {
  if (weight <= 0) return;
  for (const Entry& e : candidate.entries)
    called_[e.op->name].push_back({candidate.function, weight * e.weight / candidate.all});
  const std::uint64_t before = candidates_.empty() ? 0 : candidates_.back().up_to;
  candidate.up_to = before + 1 + static_cast<std::uint64_t>(kParts * weight);
  candidates_.push_back(std::move(candidate));
}

Turn Turns::at(std::uint64_t seed, std::uint64_t number) const {
  if (empty()) return {};
  // Steps of the golden ratio leave no gaps, however many they are.
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
  Random random = Random(seed, 0).fork("turns");
  const std::uint64_t start = random.below(1ULL << 63) * 2;
  const std::uint64_t place = ((start + number * kGolden) >> 32) * candidates_.back().up_to >> 32;
  const auto found = std::ranges::upper_bound(candidates_, place, {}, &Candidate::up_to);
  std::vector<double> shares;
  for (const Entry& e : found->entries) shares.push_back(e.weight);
  const std::size_t entry = Random(seed, number).fork("entry of turn").weighted(shares);
  return {found->entries[entry].op, found->function};
}

Turn Turns::among(const std::vector<const Op*>& entries, Random& random) const {
  constexpr double kAny = 1;  // of an entry that has no turns
  const auto called_by = [&](const Op& op) -> const std::vector<Called>* {
    const auto found = called_.find(op.name);
    return found == called_.end() ? nullptr : &found->second;
  };
  std::vector<double> weights;
  for (const Op* op : entries) {
    double weight = kAny;
    if (const auto* functions = called_by(*op))
      for (const Called& each : *functions) weight += each.turns;
    weights.push_back(weight);
  }
  const Op* op = entries[random.weighted(weights)];
  const auto* functions = called_by(*op);
  if (functions == nullptr) return {op};
  std::vector<double> turns;
  for (const Called& each : *functions) turns.push_back(each.turns);
  return {op, (*functions)[random.weighted(turns)].function};
}

double Turns::rarity(const std::set<std::string, std::less<>>& functions) const {
  constexpr double kOfRarest = 4, kEnough = 60;
  double out = 1;
  for (const std::string& function : functions)
    if (const auto usual = usual_.find(function); usual != usual_.end())
      out = std::max(out, kOfRarest * (1 - usual->second / kEnough));
  return out;
}

std::size_t likelier(Builder& b, std::span<const std::string> texts) {
  constexpr double kAsked = 40;
  if (texts.size() == 1) return 0;
  const Catalogue& catalogue = b.catalogue();
  std::vector<double> weights;
  for (const std::string& text : texts) {
    const auto functions = functions_in(text, catalogue.vocabulary());
    weights.push_back(catalogue.turns().rarity(functions) *
                      (functions.contains(b.asked()) ? kAsked : 1));
  }
  return b.random().weighted(weights);
}

std::shared_ptr<const Turns::Counts> Turns::counts(std::uint64_t seed) const {
  {
    const std::scoped_lock held(counted_->lock);
    if (counted_->counts && counted_->seed == seed) return counted_->counts;
  }
  Counts counts;
  for (std::uint64_t k = 0; k < kCounted && !empty(); ++k) ++counts[at(seed, k).op->category];
  const auto made = std::make_shared<const Counts>(std::move(counts));
  const std::scoped_lock held(counted_->lock);
  counted_->seed = seed, counted_->counts = made;
  return made;
}

std::set<std::string, std::less<>> functions_in(std::string_view spelling,
                                                const Vocabulary& words) {
  std::set<std::string, std::less<>> out;
  add_functions(spelling, words, out);
  return out;
}

std::set<std::string, std::less<>> functions_in(const Node& node, const Vocabulary& words) {
  std::set<std::string, std::less<>> out;
  add_functions(node.spelling, words, out);
  for (const auto& [name, text] : node.attributes) add_functions(text, words, out);
  return out;
}

Op calling(const Op& op, std::string_view function, const Vocabulary& words) {
  Op out = op;
  if (function.empty()) return out;
  std::erase_if(out.spellings, [&](const std::string& spelling) {
    return !functions_in(spelling, words).contains(function);
  });
  const bool spelled = !out.spellings.empty();
  if (!spelled) out.spellings = op.spellings;
  out.draw = [&op, &words, function, spelled](Builder& b, Draft& draft) {
    const std::size_t bodies = b.program().bodies.size();
    const std::size_t nodes = b.body_of(b.current()).nodes.size();
    const std::string before = b.asked();
    b.ask_for(std::string(function));
    const bool drawn = op.draw(b, draft);
    b.ask_for(before);
    if (!drawn) return false;
    if (!draft.placed && spelled && draft.spelling.empty()) return true;
    const auto calls = [&](const Node& node) {
      return functions_in(node, words).contains(function);
    };
    const auto& all = b.program().bodies;
    const auto& own = b.body_of(b.current()).nodes;
    Node node;
    node.spelling = draft.spelling, node.attributes = draft.attributes;
    return calls(node) ||
           std::any_of(own.begin() + static_cast<std::ptrdiff_t>(nodes), own.end(), calls) ||
           std::any_of(all.begin() + static_cast<std::ptrdiff_t>(bodies), all.end(),
                       [&](const Body& body) { return std::ranges::any_of(body.nodes, calls); });
  };
  return out;
}

}  // namespace jaxsmith::plan
