#include "ir/common/mutation.h"

#include <iterator>
#include <set>

namespace jaxsmith::ir {
namespace {

// What a group of places is told by.
template <class Key>
void keep_one_group(std::vector<const Mutation*>& left, Key key, Random& random) {
  std::set<std::decay_t<decltype(key(*left.front()))>> keys;
  for (const Mutation* m : left) keys.insert(key(*m));
  auto chosen = keys.begin();
  std::advance(chosen, random.below(keys.size()));
  std::erase_if(left, [&](const Mutation* m) { return key(*m) != *chosen; });
}

}  // namespace

std::optional<Mutated> make_one(Mutations places, Random& random) {
  std::vector<const Mutation*> all;
  for (const Mutation& m : places) all.push_back(&m);
  while (!all.empty()) {
    std::vector<const Mutation*> left = all;
    keep_one_group(left, [](const Mutation& m) { return m.kind; }, random);
    keep_one_group(left, [](const Mutation& m) { return m.operation; }, random);
    const Mutation* chosen = random.pick(left);
    if (chosen->make(random)) return Mutated{chosen->kind, chosen->operation};
    std::erase(all, chosen);
  }
  return std::nullopt;
}

}  // namespace jaxsmith::ir
