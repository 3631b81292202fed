// Programs of words as a whole that are no block ciphers: keystreams of quarter rounds, hashes that
// absorb a message, trees of hashes, and small machines that run a program.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"
#include "plan/jax/wholes.h"
#include "plan/jax/word_forms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// ---- Keystreams ----

// Sixteen words by quarter rounds, as in D. J. Bernstein's ChaCha and Salsa20.
class Keystream {
 public:
  Keystream(Idiom& i, Category category) : i_(i), turns_(i) {
    chacha_ = i.chance(0.65);
    doubles_ = i.random().pick(std::vector<std::int64_t>{4, 6, 10});
    nonces_ = i.chance(0.5) || !chacha_ ? 2 : 3;
    blocks_ = i.chance(0.6) ? i.between(2, 8) : std::clamp<std::int64_t>(i.size(), 4, 128);
    use_ = category == kReduction ? 2 : static_cast<int>(i.between(0, 2));
    if (use_ == 1 && i.real() != DType::kF32) use_ = 0;
    by_map_ = category == kVectorization || (category != kLoop && i.chance(0.5));
    from_ = i.chance(0.5) ? 0 : 1;
  }

  void write() {
    turns_.define(true, false);
    quarter_ = quarter();
    double_ = double_round();
    block_ = block();
    const std::string rounds =
        fmt::format("{} rounds of {}", 2 * doubles_, chacha_ ? "ChaCha" : "Salsa20");
    i_.called(use_ == 0   ? Words{chacha_ ? "chacha_encrypt" : "salsa_encrypt", "stream_encrypt"}
              : use_ == 1 ? Words{chacha_ ? "chacha_uniform" : "salsa_uniform", "random_uniform"}
                          : Words{"keystream_checksum", "stream_digest"});
    i_.summary(use_ == 0   ? "Encrypt a message by the keystream of " + rounds + "."
               : use_ == 1 ? "Uniform numbers in the unit interval from " + rounds + "."
                           : "Checksums of a message that is masked by " + rounds + ".");
    const ValueId key = i_.argument({"key", "key_words"}, words({8}), kWord),
                  nonce = i_.argument({"nonce", "iv"}, words({nonces_}), kWord);
    ValueId message = kNoValue;
    if (use_ != 1) message = i_.argument({"message", "plaintext"}, words({blocks_, 16}), kWord);
    const ValueId numbers =
        i_.let({"counters", "block_numbers"},
               from_ == 0 ? fmt::format("jnp.arange({}, dtype=jnp.uint32)", blocks_)
                          : fmt::format("jnp.arange(1, {}, dtype=jnp.uint32)", blocks_ + 1),
               {}, words({blocks_}), {0, static_cast<double>(blocks_)});
    const Type all = words({blocks_, 16});
    ValueId stream;
    if (by_map_)
      stream = i_.let({"keystream", "stream"}, "jax.vmap($f0, in_axes=(None, 0, None))($0, $1, $2)",
                      {key, numbers, nonce}, {block_}, all, kWord);
    else
      stream =
          mapped(i_, {"next_block", "one_block"}, {{{"counter", "number"}, numbers}},
                 {{"keystream", "stream"}}, [&](const Ids& p) {
                   return Ids{i_.call({"block"}, block_, {key, p[0], nonce}, words({16}), kWord)};
                 })[0];
    if (use_ == 1) {
      i_.let({"uniform", "samples"},
             i_.either({"($0 >> 8).astype(jnp.float32) * 2.0**-24",
                        "($0 >> 8).astype(jnp.float32) / 16777216.0"}),
             {stream}, Type{DType::kF32, {blocks_, 16}}, {0, 1});
      return;
    }
    const ValueId masked =
        i_.let({"ciphertext", "masked"}, i_.either({"$0 ^ $1", "jnp.bitwise_xor($0, $1)"}),
               {message, stream}, all, kWord);
    if (use_ == 0) return;
    i_.let({"sums", "block_sums"}, "jnp.sum($0, axis=1, dtype=jnp.uint32)", {masked},
           words({blocks_}), kWord);
    i_.let({"parity", "column_parity"}, "lax.reduce($0, jnp.uint32(0), lax.bitwise_xor, (0,))",
           {masked}, words({16}), kWord);
  }

 private:
  Words four() const { return {"a", "b", "c", "d"}; }

  BodyId quarter() {
    Parts parts;
    for (const std::string& name : four()) parts.push_back(word_part({name}));
    return stage(i_, {"quarter_round", "mix_four"}, "Mix four words.", parts, [&](const Ids& p) {
      ValueId a = p[0], b = p[1], c = p[2], d = p[3];
      const auto turned = [&](const std::string& name, const std::string& form, Ids of, int bits) {
        return turns_.left({name}, word(i_, {"mixed"}, form, std::move(of)), bits);
      };
      const auto sum = [&](const std::string& name, ValueId x, ValueId y) {
        return word(i_, {name}, "$0 + $1", {x, y});
      };
      if (chacha_) {
        a = sum("a", a, b), d = turned("d", "$0 ^ $1", {d, a}, 16);
        c = sum("c", c, d), b = turned("b", "$0 ^ $1", {b, c}, 12);
        a = sum("a", a, b), d = turned("d", "$0 ^ $1", {d, a}, 8);
        c = sum("c", c, d), b = turned("b", "$0 ^ $1", {b, c}, 7);
        return Ids{a, b, c, d};
      }
      const auto mixed = [&](const std::string& name, ValueId into, ValueId x, ValueId y,
                             int bits) {
        return word(i_, {name}, "$0 ^ $1", {into, turned("turned", "$0 + $1", {x, y}, bits)});
      };
      b = mixed("b", b, a, d, 7);
      c = mixed("c", c, b, a, 9);
      d = mixed("d", d, c, b, 13);
      a = mixed("a", a, d, c, 18);
      return Ids{a, b, c, d};
    });
  }

  static Parts sixteen(const std::string& letter) {
    Parts out;
    for (int k = 0; k < 16; ++k) out.push_back(word_part({fmt::format("{}{}", letter, k)}));
    return out;
  }

  BodyId double_round() {
    using Quarter = std::array<std::size_t, 4>;
    static const std::array<Quarter, 8> kChaCha = {{{0, 4, 8, 12},
                                                    {1, 5, 9, 13},
                                                    {2, 6, 10, 14},
                                                    {3, 7, 11, 15},
                                                    {0, 5, 10, 15},
                                                    {1, 6, 11, 12},
                                                    {2, 7, 8, 13},
                                                    {3, 4, 9, 14}}};
    static const std::array<Quarter, 8> kSalsa = {{{0, 4, 8, 12},
                                                   {5, 9, 13, 1},
                                                   {10, 14, 2, 6},
                                                   {15, 3, 7, 11},
                                                   {0, 1, 2, 3},
                                                   {5, 6, 7, 4},
                                                   {10, 11, 8, 9},
                                                   {15, 12, 13, 14}}};
    return stage(i_, {"double_round", "mix_all"},
                 chacha_ ? "A round on columns and one on diagonals."
                         : "A round on columns and one on rows.",
                 sixteen("x"), [&](const Ids& p) {
                   Ids x = p;
                   std::size_t done = 0;
                   for (const Quarter& q : chacha_ ? kChaCha : kSalsa) {
                     const std::string letter = done++ < 4 ? "y" : "z";
                     Ids operands;
                     Parts parts;
                     for (const std::size_t k : q) {
                       operands.push_back(x[k]);
                       parts.push_back(word_part({fmt::format("{}{}", letter, k)}));
                     }
                     const Ids out = call(i_, quarter_, operands, parts);
                     for (std::size_t k = 0; k < 4; ++k) x[q[k]] = out[k];
                   }
                   return x;
                 });
  }

  // Constants, key, counter and nonce in the order of the cipher.
  BodyId block() {
    return i_.helper(
        {chacha_ ? "chacha_block" : "salsa_block", "keystream_block"},
        fmt::format("Sixteen words of keystream by {} double rounds.", doubles_),
        {{{"key"}, words({8}), kWord},
         word_part({"counter", "number"}),
         {{"nonce"}, words({nonces_}), kWord}},
        [&](const Ids& p) {
          static constexpr std::array<const char*, 4> kConstants = {"0x61707865", "0x3320646E",
                                                                    "0x79622D32", "0x6B206574"};
          const auto constant = [&](int k) {
            return fmt::format("jnp.uint32({})", kConstants[static_cast<std::size_t>(k)]);
          };
          std::vector<std::string> texts;
          const auto keys = [&](int from, int count) {
            for (int k = from; k < from + count; ++k) texts.push_back(fmt::format("$0[{}]", k));
          };
          // Salsa20 has its nonce first, and a counter of two words.
          const auto numbers = [&] {
            if (!chacha_) {
              texts.insert(texts.end(), {"$2[0]", "$2[1]", "$1", "jnp.uint32(0)"});
              return;
            }
            texts.push_back("$1");
            for (int k = 0; k < nonces_; ++k) texts.push_back(fmt::format("$2[{}]", k));
            if (nonces_ == 2) texts.insert(texts.end() - 2, "jnp.uint32(0)");
          };
          if (chacha_) {
            for (int k = 0; k < 4; ++k) texts.push_back(constant(k));
            keys(0, 8);
            numbers();
          } else {
            texts.push_back(constant(0));
            keys(0, 4);
            texts.push_back(constant(1));
            numbers();
            texts.push_back(constant(2));
            keys(4, 4);
            texts.push_back(constant(3));
          }
          std::string list;
          for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + text;
          const ValueId start =
              i_.let({"start", "initial"}, "jnp.stack([" + list + "])", p, words({16}), kWord);
          std::vector<Idiom::Carry> carries;
          for (int k = 0; k < 16; ++k) {
            const std::string name = fmt::format("x{}", k);
            carries.push_back({{name},
                               i_.let({fmt::format("s{}", k)}, fmt::format("$0[{}]", k), {start},
                                      words({}), kWord),
                               kWord,
                               {name}});
          }
          const Ids x = repeat(i_, 0, doubles_, {"two_rounds", "mix"}, carries,
                               [&](const Ids& q) { return call(i_, double_, q, sixteen("y")); });
          const ValueId mixed =
              i_.let({"mixed", "permuted"}, "jnp.stack([" + Idiom::holes(0, 16) + "])", x,
                     words({16}), kWord);
          return Ids{i_.let({"block", "keystream"}, "$0 + $1", {mixed, start}, words({16}), kWord)};
        });
  }

  Idiom& i_;
  Rotations turns_;
  bool chacha_ = true, by_map_ = false;
  std::int64_t doubles_ = 0, nonces_ = 2, blocks_ = 0;
  int use_ = 0, from_ = 0;
  BodyId quarter_ = -1, double_ = -1, block_ = -1;
};

// ---- Hashes that absorb a message ----

// What four words go through: additions into, rotations of and exclusive ors with one another. By
// J.-P. Aumasson and D. J. Bernstein (SipHash, at half its size), N. Mouha et al. (Chaskey).
struct Mixing {
  std::string says;
  std::vector<std::string> steps;  // "0+1": word 0 becomes its sum with 1; "1<5": turned by 5
};

const std::vector<Mixing>& mixings() {
  static const std::vector<Mixing> kAll = {
      {"HalfSipHash",
       {"0+1", "1<5", "1^0", "0<16", "2+3", "3<8", "3^2", "0+3", "3<7", "3^0", "2+1", "1<13", "1^2",
        "2<16"}},
      {"Chaskey",
       {"0+1", "1<5", "1^0", "0<16", "2+3", "3<8", "3^2", "0+3", "3<13", "3^0", "2+1", "1<7", "1^2",
        "2<16"}},
      {"ChaCha's quarter round",
       {"0+1", "3^0", "3<16", "2+3", "1^2", "1<12", "0+1", "3^0", "3<8", "2+3", "1^2", "1<7"}}};
  return kAll;
}

class Sponge {
 public:
  Sponge(Idiom& i, Category category)
      : i_(i), category_(category), turns_(i), mixing_(i.random().pick(mixings())) {
    absorbs_ = static_cast<int>(i.between(1, 3)), ends_ = static_cast<int>(i.between(2, 5));
    length_ = i.chance(0.5) ? i.between(3, 12) : std::clamp<std::int64_t>(i.size(), 4, 256);
    many_ = category == kVectorization || (category != kLoop && i.chance(0.4));
    rows_ = std::max<std::int64_t>(3, i.size());
    by_words_ = length_ <= 6 && many_ && i.chance(0.6);
    long_ = i.chance(0.4);
    use_ = many_ ? static_cast<int>(i.between(0, 3)) : static_cast<int>(i.between(0, 1));
    if (category == kReduction) many_ = true, use_ = 2;
    if (category == kIndexing) many_ = true, use_ = 3;
    buckets_ = std::int64_t{1} << i.between(4, 8);
  }

  void write() {
    turns_.define(true, false);
    permute_ = permutation();
    absorb_ = absorption();
    const bool alone = !many_ && use_ == 0;  // the entry does all of it
    if (!alone) hash_ = hash();
    const std::string by = mixing_.says;
    const std::string all = many_ ? "messages" : "a message";
    i_.called(use_ == 0   ? Words{"message_tag", "keyed_hash", "authenticate"}
              : use_ == 1 ? Words{"hash_bucket", "assign_buckets"}
              : use_ == 2 ? Words{"fold_hashes", "set_fingerprint"}
                          : Words{"count_buckets", "hash_histogram"});
    i_.summary(
        use_ == 0   ? "Keyed hash of " + all + " by rounds of " + by + "."
        : use_ == 1 ? fmt::format("Put {} into {} buckets by rounds of {}.", all, buckets_, by)
        : use_ == 2 ? "Fingerprint of a set of messages by rounds of " + by + "."
                    : fmt::format("Count messages in {} buckets by rounds of {}.", buckets_, by));
    const ValueId key = i_.argument({"key", "key_words"}, words({2}), kWord);
    Type type = words({length_});
    if (many_) type.shape.insert(type.shape.begin(), rows_);
    const ValueId message =
        i_.argument(many_ ? Words{"messages", "records"} : Words{"message", "data"}, type, kWord);
    if (alone) {
      hash_of({key, message});
      return;
    }
    const Type hashed = many_ ? words({rows_}) : words({});
    const Words names = use_ == 0 ? Words{"tags", "hashes"} : Words{"hashes", "hashed"};
    if (long_) {
      const Parts parts = {{{many_ ? "first_tags" : "first_tag"}, hashed, kWord},
                           {{many_ ? "second_tags" : "second_tag"}, hashed, kWord}};
      const Ids both = i_.unpack(many_ ? "jax.vmap($f0, in_axes=(None, 0))($0, $1)" : "$f0($0, $1)",
                                 {key, message}, {hash_}, parts);
      if (use_ != 0) finish(i_.let({"joined"}, "$0 ^ $1", both, hashed, kWord));
      return;
    }
    finish(many_ ? i_.let(names, "jax.vmap($f0, in_axes=(None, 0))($0, $1)", {key, message},
                          {hash_}, hashed, kWord)
                 : i_.call({"tag", "hashed"}, hash_, {key, message}, hashed, kWord));
  }

 private:
  void finish(ValueId hashes) {
    const Interval slots{0, static_cast<double>(buckets_ - 1)};
    const Type type = i_.type(hashes);
    if (use_ == 1) {
      i_.let({"buckets", "slots"},
             i_.either({fmt::format("$0 & {}", buckets_ - 1), fmt::format("$0 % {}", buckets_)}),
             {hashes}, type, slots);
    } else if (use_ == 2) {
      i_.let({"fingerprint"}, "lax.reduce($0, jnp.uint32(0), lax.bitwise_xor, (0,))", {hashes},
             words({}), kWord);
      i_.let({"total"}, "jnp.sum($0, dtype=jnp.uint32)", {hashes}, words({}), kWord);
    } else if (use_ == 3) {
      const ValueId slot =
          i_.let({"slots", "buckets"}, fmt::format("$0 % {}", buckets_), {hashes}, type, slots);
      i_.keep(hashes);
      i_.let({"counts", "histogram"},
             fmt::format("jnp.zeros({}, dtype=jnp.int32).at[$0].add(1)", buckets_), {slot},
             Type{DType::kI32, {buckets_}}, {0, 4});
    }
  }

  static std::string letter(std::size_t k) { return std::string(1, static_cast<char>('a' + k)); }
  // Calls what comes of word `k` by its letter, with a number where that is taken.
  ValueId step_of(std::size_t k, ValueId id) {
    if (id == kNoValue) return id;
    constexpr int kMost = 24;
    Words names = {letter(k)};
    for (int n = 2; n <= kMost; ++n) names.push_back(letter(k) + std::to_string(n));
    i_.builder().program().values[static_cast<std::size_t>(id)].names = std::move(names);
    return id;
  }
  Ids steps_of(Ids v) {
    for (std::size_t k = 0; k < v.size(); ++k) step_of(k, v[k]);
    return v;
  }
  static Parts state() {
    return {word_part({"a"}), word_part({"b"}), word_part({"c"}), word_part({"d"})};
  }

  BodyId permutation() {
    return stage(i_, {"mix_round", "permute"}, "One round of " + mixing_.says + ".", state(),
                 [&](const Ids& p) {
                   Ids v = p;
                   for (const std::string& step : mixing_.steps) {
                     const auto at = static_cast<std::size_t>(step[0] - '0');
                     const std::string name = letter(at);
                     const std::string rest = step.substr(2);
                     if (step[1] == '<')
                       v[at] = turns_.left({name}, v[at], std::stoi(rest));
                     else
                       v[at] = word(i_, {name}, step[1] == '+' ? "$0 + $1" : "$0 ^ $1",
                                    {v[at], v[static_cast<std::size_t>(rest[0] - '0')]});
                     step_of(at, v[at]);
                   }
                   return v;
                 });
  }

  // `last`: of the last round two words are all that is needed.
  Ids mixed(Ids v, int rounds, bool last = false) {
    for (int k = 0; k < rounds; ++k) {
      Parts parts = state();
      if (last && k + 1 == rounds) parts[0].names = parts[2].names = {};
      v = steps_of(call(i_, permute_, v, std::move(parts)));
    }
    return v;
  }

  BodyId absorption() {
    Parts parts = state();
    parts.push_back(word_part({"m", "block"}));
    return stage(i_, {"absorb", "absorb_word"},
                 fmt::format("Take up a word by {} round{}.", absorbs_, absorbs_ > 1 ? "s" : ""),
                 parts, [&](const Ids& p) {
                   Ids v = {p[0], p[1], p[2], step_of(3, word(i_, {"d"}, "$0 ^ $1", {p[3], p[4]}))};
                   v = mixed(v, absorbs_);
                   v[0] = step_of(0, word(i_, {"a"}, "$0 ^ $1", {v[0], p[4]}));
                   return v;
                 });
  }

  BodyId hash() {
    return stage(i_, {"hash_message", "keyed_hash", "digest"},
                 long_ ? "Two words of hash of a message." : "Hash of a message.",
                 {{{"key"}, words({2}), kWord}, {{"message", "data"}, words({length_}), kWord}},
                 [&](const Ids& p) { return hash_of(p); });
  }

  // Of a key and a message.
  Ids hash_of(const Ids& p) {
    const ValueId k0 = word(i_, {"k0"}, "$0[0]", {p[0]}), k1 = word(i_, {"k1"}, "$0[1]", {p[0]});
    Ids v = {k0, k1, word(i_, {"c"}, "$0 ^ jnp.uint32(0x6C796765)", {k0}),
             word(i_, {"d"}, "$0 ^ jnp.uint32(0x74656462)", {k1})};
    const auto taken = [&](const Ids& at, ValueId m) {
      Ids operands = at;
      operands.push_back(m);
      return steps_of(call(i_, absorb_, operands, state()));
    };
    if (by_words_) {
      for (std::int64_t k = 0; k < length_; ++k)
        v = taken(v, word(i_, {fmt::format("m{}", k)}, fmt::format("$0[{}]", k), {p[1]}));
    } else {
      std::vector<Idiom::Carry> carries;
      for (std::size_t k = 0; k < 4; ++k) {
        const std::string name = letter(k);
        carries.push_back({{name}, v[k], kWord, {name}});
      }
      if (category_ == kIndexing || i_.chance(0.3))
        v = i_.fori(0, length_, {"absorb_next", "body"}, carries, [&](const Ids& q) {
          return taken({q.begin() + 1, q.end()}, word(i_, {"m"}, "$0[$1]", {p[1], q[0]}));
        });
      else
        v = i_.scan({"absorb_next", "step"}, carries, {{{"m", "block"}, p[1]}}, {},
                    [&](const Ids& q) { return taken({q.begin(), q.begin() + 4}, q[4]); })
                .final;
    }
    // The last word says how many bytes there were.
    v = taken(v, word(i_, {"length_word", "last"},
                      fmt::format("jnp.uint32(0x{:X}000000)", 4 * length_ % 256), {}));
    v[2] = step_of(2, word(i_, {"c"}, "$0 ^ 0xFF", {v[2]}));
    v = mixed(v, ends_, !long_);
    const ValueId first =
        word(i_, long_ ? Words{"first_tag"} : Words{"tag"}, "$0 ^ $1", {v[1], v[3]});
    if (!long_) return Ids{first};
    v[1] = step_of(1, word(i_, {"b"}, "$0 ^ 0xEE", {v[1]}));
    v = mixed(v, ends_, true);
    return Ids{first, word(i_, {"second_tag"}, "$0 ^ $1", {v[1], v[3]})};
  }

  Idiom& i_;
  const Category category_;
  Rotations turns_;
  const Mixing mixing_;
  int absorbs_ = 1, ends_ = 2, use_ = 0;
  std::int64_t length_ = 0, rows_ = 0, buckets_ = 0;
  bool many_ = false, by_words_ = false, long_ = false;
  BodyId permute_ = -1, absorb_ = -1, hash_ = -1;
};

// ---- Machines ----

// An instruction: what it makes of the accumulator {a}, the other register {b} and its operand {k}.
struct Instruction {
  std::string name, says, accumulator, other;  // empty: stays
};

const std::vector<Instruction>& instructions() {
  static const std::vector<Instruction> kAll = {
      {"add", "Add the operand.", "{a} + {k}", ""},
      {"subtract", "Subtract the other register.", "({a} - {b}) & 0xFFFF", ""},
      {"multiply", "Multiply by the operand, modulo 2**16.", "({a} * {k}) % 65536", ""},
      {"exchange", "Exchange the registers.", "{b}", "{a}"},
      {"double", "Double the accumulator, in sixteen bits.", "({a} << 1) & 0xFFFF", ""},
      {"halve", "Halve the accumulator.", "{a} >> 1", ""},
      {"mask", "Keep the bits that the operand has, and the low four.", "{a} & ({k} | 15)", ""},
      {"exclusive_or", "Exclusive or with the other register.", "{a} ^ {b}", ""},
      {"load", "Load the operand, and keep what was there.", "{k}", "{a}"},
      {"accumulate", "Add the accumulator to the other register.", "", "({a} + {b}) & 0xFFFF"},
      {"larger", "Keep the larger register.", "jnp.maximum({a}, {b})", ""},
      {"smaller", "Keep the smaller register, and the accumulator in the other.",
       "jnp.minimum({a}, {b})", "{a}"},
      {"complement", "Flip the low sixteen bits.", "0xFFFF - ({a} & 0xFFFF)", ""},
      {"count_bits", "Count the bits that are set.", "lax.population_count({a})", ""}};
  return kAll;
}

// A register machine: instructions of a drawn set, jumps by choice, totals by line by choice.
class Machine {
 public:
  Machine(Idiom& i, Category category) : i_(i) {
    std::vector<Instruction> all = instructions();
    i.random().shuffle(all);
    // Some take the operand, and some the other register.
    const auto take = [&](const std::string& what, int count) {
      for (std::size_t k = 0; k < all.size() && count > 0;) {
        const bool takes = (all[k].accumulator + all[k].other).find(what) != std::string::npos;
        if (!takes) {
          ++k;
          continue;
        }
        set_.push_back(all[k]);
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(k));
        --count;
      }
    };
    take("{k}", 3), take("{b}", 2);
    const std::int64_t more = i.between(4, 9);
    set_.insert(set_.end(), all.begin(), all.begin() + more);
    i.random().shuffle(set_);
    lines_ = i.chance(0.6) ? i.between(6, 16) : std::clamp<std::int64_t>(i.size(), 8, 64);
    limit_ = i.between(12, 48);
    jumps_ = i.chance(0.5);
    totals_ = category == kIndexing || i.chance(0.5);
    counts_ = i.chance(0.5);
    traces_ = i.chance(0.4);
    many_ = category == kVectorization;
  }

  void write() {
    std::vector<BodyId> functions;
    for (const Instruction& each : set_) functions.push_back(instruction(each));
    step_ = step(functions);
    i_.called({"run_program", "run_machine", "interpret"});
    i_.summary(fmt::format("Run a program on a register machine of {} instructions for {} steps{}.",
                           set_.size(), limit_, many_ ? ", from several inputs" : ""));
    const ValueId code = i_.argument({"opcodes", "code"}, counts(i_, {lines_}),
                                     below(static_cast<std::int64_t>(set_.size()) - 1)),
                  operands =
                      i_.argument({"operands", "immediates"}, counts(i_, {lines_}), {1, 200});
    ValueId targets = kNoValue;
    if (jumps_)
      targets = i_.argument({"targets", "jumps"}, counts(i_, {lines_}), below(lines_ - 1));
    program_ = {code, operands};
    if (jumps_) program_.push_back(targets);
    Type input = counts(i_, {});
    if (many_) input.shape = {std::max<std::int64_t>(3, i_.size())};
    const ValueId first = i_.argument({"x", "start"}, input, {1, 5000}),
                  second = i_.argument({"y", "other"}, input, {1, 5000});
    if (!many_) {
      run(first, second);
      return;
    }
    const BodyId one =
        i_.function({"run_one", "of_one_input"},
                    {{{"a0"}, counts(i_, {}), {1, 5000}}, {{"b0"}, counts(i_, {}), {1, 5000}}},
                    [&](const Ids& p) { return run(p[0], p[1]); }, {}, {2});
    i_.unpack("jax.vmap($f0)($0, $1)", {first, second}, {one},
              {{{"accumulators", "results"}, input, {0, 65535}},
               {{"others", "second_registers"}, input, {0, 65535}}});
  }

 private:
  static constexpr Interval kRegister{-60000, 65535};
  Idiom::Part reg(Words names) const { return {std::move(names), counts(i_, {}), kRegister}; }

  BodyId instruction(const Instruction& each) {
    return stage(i_, {each.name, "op_" + each.name}, each.says,
                 {reg({"a"}), reg({"b"}), reg({"k"})}, [&](const Ids& p) {
                   const Terms terms = {{"a", p[0]}, {"b", p[1]}, {"k", p[2]}};
                   const auto next = [&](const std::string& form, ValueId stays, Words names) {
                     if (form.empty()) return stays;
                     if (form == "{a}") return p[0];
                     if (form == "{b}") return p[1];
                     if (form == "{k}") return p[2];
                     return whole(i_, std::move(names), form, terms, kRegister);
                   };
                   const ValueId a = next(each.accumulator, p[0], {"result"});
                   return Ids{a, next(each.other, p[1], {"other"})};
                 });
  }

  // Fetches, executes, and finds the next line.
  BodyId step(const std::vector<BodyId>& functions) {
    Parts parts = {{{"pc", "line"}, counts(i_, {}), below(lines_ - 1)},
                   reg({"a"}),
                   reg({"b"}),
                   {{"opcodes", "code"},
                    counts(i_, {lines_}),
                    below(static_cast<std::int64_t>(set_.size()) - 1)},
                   {{"operands", "immediates"}, counts(i_, {lines_}), {1, 200}}};
    if (jumps_) parts.push_back({{"targets", "jumps"}, counts(i_, {lines_}), below(lines_ - 1)});
    return stage(
        i_, {"execute", "machine_step"}, "Execute one instruction.", parts, [&](const Ids& p) {
          const ValueId op = i_.let({"op", "opcode"}, "$0[$1]", {p[3], p[0]}, counts(i_, {}),
                                    below(static_cast<std::int64_t>(set_.size()) - 1));
          const ValueId k =
              i_.let({"k", "operand"}, "$0[$1]", {p[4], p[0]}, counts(i_, {}), {1, 200});
          std::string list;
          for (std::size_t n = 0; n < functions.size(); ++n)
            list += fmt::format("{}$f{}", n > 0 ? ", " : "", n);
          const Ids next =
              i_.unpack("lax.switch($0, [" + list + "], $1, $2, $3)", {op, p[1], p[2], k},
                        functions, {reg({"a_next"}), reg({"b_next"})});
          const std::string after = fmt::format("($0 + 1) % {}", lines_);
          const ValueId line =
              jumps_ ? i_.let({"pc_next", "next_line"},
                              fmt::format("jnp.where($1 % {} == 0, $2[$0], {})", i_.between(2, 4),
                                          after),
                              {p[0], next[0], p[5]}, counts(i_, {}), below(lines_ - 1))
                     : i_.let({"pc_next", "next_line"}, after, {p[0]}, counts(i_, {}),
                              below(lines_ - 1));
          return Ids{line, next[0], next[1]};
        });
  }

  Ids run(ValueId first, ValueId second) {
    const auto zero = [&] { return i_.builder().literal(0, i_.integer()); };
    std::vector<Idiom::Carry> carries = {{{"pc"}, zero(), below(lines_ - 1), {}},
                                         {{"a"}, first, kRegister, {"accumulator", "result"}},
                                         {{"b"}, second, kRegister, {"other_register", "second"}}};
    if (totals_ && !many_)
      carries.push_back(
          {{"totals", "so_far"},
           i_.let({"totals", "zeros"}, fmt::format("jnp.zeros({}, dtype=$0.dtype)", lines_),
                  {second}, counts(i_, {lines_}), kRegister),
           kRegister,
           {"line_totals", "totals_by_line"}});
    const bool counting = counts_ && !many_;
    if (counting)
      carries.push_back(
          {{"odd"}, zero(), {0, static_cast<double>(limit_)}, {"odd_steps", "odd_results"}});
    const auto once = [&](const Ids& p) {
      Ids operands = {p[0], p[1], p[2]};
      operands.insert(operands.end(), program_.begin(), program_.end());
      Ids next = call(
          i_, step_, operands,
          {{{"pc_next"}, counts(i_, {}), below(lines_ - 1)}, reg({"a_next"}), reg({"b_next"})});
      std::size_t at = 3;
      if (totals_ && !many_) {
        // What each line has given, by its low byte.
        next.push_back(i_.let({"totals_next"}, "$0.at[$1].add($2 & 0xFF)", {p[at++], p[0], next[1]},
                              counts(i_, {lines_}), kRegister));
      }
      if (counting)
        next.push_back(whole(i_, {"odd_next"}, "{n} + ({a} & 1)", {{"n", p[at]}, {"a", next[1]}},
                             {0, static_cast<double>(limit_)}));
      return next;
    };
    if (traces_ && !many_) {
      i_.scan(
          {"cycle", "one_step"}, carries, {}, {{"trace", "accumulator_trace"}},
          [&](const Ids& p) {
            Ids next = once(p);
            next.push_back(next[1]);
            return next;
          },
          "", limit_);
      return {};
    }
    const Ids out = repeat(i_, 0, limit_, {"cycle", "one_step"}, carries, once);
    return {out[1], out[2]};
  }

  Idiom& i_;
  std::vector<Instruction> set_;
  std::int64_t lines_ = 0, limit_ = 0;
  bool jumps_ = false, totals_ = false, counts_ = false, traces_ = false, many_ = false;
  BodyId step_ = -1;
  Ids program_;
};

}  // namespace

std::vector<Op> digest_wholes() {
  std::vector<Op> out = wholes_by<Keystream>({{"keystream", kArithmetic, 0.3},
                                              {"keystream_words", kArray, 0.15},
                                              {"keystream_blocks", kVectorization, 0.3},
                                              {"keystream_loop", kLoop, 0.3}});
  for (auto&& more : {wholes_by<Sponge>({{"message_hash", kArithmetic, 0.3},
                                         {"hash_lanes", kVectorization, 0.3},
                                         {"hash_sets", kReduction, 0.5},
                                         {"hash_counts", kIndexing, 0.3},
                                         {"hash_chain", kLoop, 0.3}}),
                      wholes_by<Machine>({{"virtual_machine", kConditional, 1.2},
                                          {"machine_memory", kIndexing, 0.4},
                                          {"machine_runs", kVectorization, 0.3}})})
    out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace jaxsmith::plan
