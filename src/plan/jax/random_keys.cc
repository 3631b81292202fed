#include "plan/jax/random_keys.h"

#include <fmt/format.h>

#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {

Type key_type(Idiom& i) { return {i.integer(), {}}; }

const Idiom::Words& key_words(Idiom& i) {
  static const std::vector<Idiom::Words> kAll = {
      {"key", "rng"}, {"key", "prng_key"}, {"rng", "key"}, {"subkey", "sub"}, {"rng_key", "key"}};
  return i.random().pick(kAll);
}

}  // namespace

ValueId set_apart(Idiom& i, ValueId id) {
  if (id == kNoValue) return id;
  i.builder().reserve(id, true);
  i.builder().program().values[static_cast<std::size_t>(id)].weak = true;  // and no result either
  return id;
}

namespace {

// So many keys of one, which is not used again.
Idiom::Ids split_key(Idiom& i, ValueId key, int count) {
  const std::string r = random_prefix(i);
  std::vector<Idiom::Part> parts;
  static const std::vector<Idiom::Words> kNames = {
      {"key_a", "key1", "first_key"}, {"key_b", "key2", "second_key"}, {"key_c", "key3"}};
  for (int k = 0; k < count; ++k)
    parts.push_back({kNames[static_cast<std::size_t>(k)], key_type(i), {0, 9}});
  const std::string number = count == 2 && i.chance(0.8) ? "" : fmt::format(", {}", count);
  const Idiom::Ids keys = i.unpack(r + "split($0" + number + ")", {key}, {}, std::move(parts));
  for (const ValueId id : keys) set_apart(i, id);
  return keys;
}

}  // namespace

ValueId raw_key(Idiom& i) {
  if (!i.builder().allowed(DType::kU32)) return kNoValue;
  return set_apart(i, i.argument({"key", "rng", "prng_key"}, {DType::kU32, {2}}, {0, 2e9}));
}

ValueId seed_argument(Idiom& i) {
  const Type type{i.integer(), {}};
  if (i.builder().depth() > 0) return i.input({"seed", "step", "index"}, type, {0, 1000});
  return set_apart(i, i.argument({"seed", "seed", "random_seed"}, type, {0, 1000}));
}

ValueId random_key(Idiom& i) {
  const std::string r = random_prefix(i);
  const bool inner = i.builder().depth() > 0;
  if (!inner && i.builder().allowed(DType::kU32) && i.chance(0.3)) {
    const ValueId raw = raw_key(i);
    if (i.chance(0.8)) return raw;
    return set_apart(i, i.let(key_words(i), r + "wrap_key_data($0)", {raw}, key_type(i), {0, 9}));
  }
  ValueId key = kNoValue;
  if (inner || i.chance(0.3)) {
    const ValueId step =
        i.input({"step", "epoch", "index", "worker"}, {i.integer(), {}}, {0, 1000});
    const std::string base =
        i.either({"key(0)", "key(42)", "PRNGKey(0)", "key(1234)", "PRNGKey(7)"});
    key = i.let(key_words(i), r + "fold_in(" + r + base + ", $0)", {step}, key_type(i), {0, 9});
  } else {
    const ValueId seed = seed_argument(i);
    const std::string make = i.either({"key($0)", "key($0)", "PRNGKey($0)", "key(seed=$0)"});
    key = i.let(key_words(i), r + make, {seed}, key_type(i), {0, 9});
  }
  set_apart(i, key);
  if (i.chance(0.8)) return key;
  return split_key(i, key, 2)[1];
}

Idiom::Ids random_keys(Idiom& i, int count) { return split_key(i, random_key(i), count); }

SampleType real_samples(Idiom& i, int min_rank, int max_rank) {
  SampleType out;
  out.shape = drawn_shape(i, min_rank, max_rank);
  out.shape_text = tuple_text(out.shape);
  out.dtype_text = dtype_option(i, i.real(), i.builder().default_real());
  return out;
}

}  // namespace jaxsmith::plan
