// Ciphers as a whole: rounds of additions, rotations and tables, a schedule of round keys, blocks
// in one of the modes of operation; and stream ciphers of quarter rounds.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/wholes.h"
#include "plan/jax/word_forms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Parts = std::vector<Idiom::Part>;

// What a round does to two words; each has an inverse.
enum class Rounds { kAddRotateXor, kShiftAdd, kDataRotation, kAndRotation, kNibbles, kMultiply };
enum class Mode { kBook, kChained, kCounter, kFeedback, kOutput, kTag, kHash, kRekey };

struct Kind {
  Rounds rounds;
  std::string says;
  int keys;  // words of key a round
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds = {
      {Rounds::kAddRotateXor, "a Speck-like cipher", 1},
      {Rounds::kShiftAdd, "XTEA", 2},
      {Rounds::kDataRotation, "an RC5-like cipher", 2},
      {Rounds::kAndRotation, "a Simon-like cipher", 1},
      {Rounds::kNibbles, "a Feistel cipher with a table", 1},
      {Rounds::kMultiply, "a Feistel cipher of multiplications", 1}};
  return kKinds;
}

class BlockCipher {
 public:
  BlockCipher(Idiom& i, Category category) : i_(i), turns_(i) {
    kind_ = category == kIndexing && i.chance(0.85) ? kinds()[4] : i.random().pick(kinds());
    // Chains go block by block; maps take all at once.
    const double chains = category == kVectorization ? 0 : 0.7, maps = category == kLoop ? 0 : 0.7;
    mode_ = static_cast<Mode>(i.random().weighted(
        std::vector<double>{maps, chains, maps, chains, chains, chains, chains, 0.8}));
    const bool heavy = kind_.keys == 2 || kind_.rounds == Rounds::kNibbles;
    per_ = heavy ? i.between(3, 6) : i.between(6, 10);
    cycles_ = i.between(2, 6);
    count_ = i.chance(0.6) ? i.between(3, 16) : std::clamp<std::int64_t>(i.size(), 4, 256);
    decrypts_ = mode_ == Mode::kRekey || (mode_ == Mode::kBook && i.chance(0.4)) ||
                (mode_ == Mode::kChained && i.chance(0.35));
    encrypts_ = mode_ == Mode::kRekey || !decrypts_;
    whitens_ = i.chance(0.35);
    own_schedule_ = i.chance(0.75);
    if (kind_.rounds == Rounds::kShiftAdd && !own_schedule_) kind_.says = "an XTEA-like cipher";
    by_scan_ = i.chance(0.5);
  }

  void write() {
    define_rounds();
    expand_ = expansion();
    if (encrypts_) encrypt_ = block(true);
    if (decrypts_) decrypt_ = block(false);
    name();
    key_ = i_.argument({"key", "key_words"}, words({4}), kWord);
    if (kind_.rounds == Rounds::kNibbles)
      table_ = i_.argument({"sbox", "table"}, words({16}), {0, 15});
    if (mode_ == Mode::kHash) {
      hash();
      return;
    }
    const Type all = keys_type();
    keys_ = i_.call({"round_keys", "schedule"}, expand_, {key_}, all, kWord);
    run();
  }

 private:
  Type keys_type() const { return words({cycles_, per_ * kind_.keys}); }
  static Idiom::Part part(Words names) { return word_part(std::move(names)); }

  void name() {
    const std::string doing = encrypts_ ? "Encrypt" : "Decrypt",
                      verb = encrypts_ ? "encrypt" : "decrypt";
    struct Told {
      Words names;
      std::string says;
    };
    const std::string rounds = fmt::format("{} rounds of {}", cycles_ * per_, kind_.says);
    const Told told =
        mode_ == Mode::kBook      ? Told{{verb + "_blocks", verb + "_ecb"},
                                         doing + " blocks one by one with " + rounds + "."}
        : mode_ == Mode::kChained ? Told{{verb + "_cbc", verb + "_chained"},
                                         doing + " chained blocks with " + rounds + "."}
        : mode_ == Mode::kCounter
            ? Told{{"encrypt_ctr", "counter_mode"},
                   "Encrypt words by a counter's keystream, with " + rounds + "."}
        : mode_ == Mode::kFeedback ? Told{{"encrypt_cfb", "cipher_feedback"},
                                          "Encrypt by cipher feedback, with " + rounds + "."}
        : mode_ == Mode::kOutput   ? Told{{"encrypt_ofb", "output_feedback"},
                                          "Encrypt by output feedback, with " + rounds + "."}
        : mode_ == Mode::kTag
            ? Told{{"cbc_mac", "message_tag"}, "Authenticate a message by chaining " + rounds + "."}
        : mode_ == Mode::kHash
            ? Told{{"davies_meyer_hash", "hash_message"},
                   "Hash a message by " + rounds + " that it keys."}
            : Told{{"rotate_key", "reencrypt"},
                   "Decrypt blocks under an old key and encrypt them under a new "
                   "one, with " +
                       rounds + "."};
    i_.called(told.names);
    i_.summary(told.says);
  }

  // ---- A round ----

  BodyId mixer(Words names, std::string says, Parts parameters,
               const std::function<ValueId(const Ids&)>& fill) {
    return i_.helper(std::move(names), std::move(says), std::move(parameters),
                     [&](const Ids& p) { return Ids{fill(p)}; });
  }

  void define_rounds() {
    schedule_turns_ = kind_.rounds != Rounds::kShiftAdd;
    turns_.define(schedule_turns_, kind_.rounds == Rounds::kAddRotateXor);
    switch (kind_.rounds) {
      case Rounds::kShiftAdd:
        mix_ =
            mixer({"spread", "mix_half"}, "Spread the bits of half a block.", {part({"v", "half"})},
                  [&](const Ids& p) {
                    return i_.let(
                        {"spread"},
                        i_.either({"(($0 << 4) ^ ($0 >> 5)) + $0", "$0 + (($0 << 4) ^ ($0 >> 5))"}),
                        {p[0]}, words({}), kWord);
                  });
        break;
      case Rounds::kDataRotation:
        for (const bool forward : {true, false}) {
          if (forward ? !encrypts_ : !decrypts_) continue;
          (forward ? mix_ : unmix_) = mixer(
              forward ? Words{"rotl_by", "rotate_left_by"} : Words{"rotr_by", "rotate_right_by"},
              "Rotate a word by the low bits of another.",
              {part({"x", "word"}), part({"by", "amount"})}, [&](const Ids& p) {
                const ValueId n = i_.let({"n", "bits"}, i_.either({"$0 & 31", "$0 % 32"}), {p[1]},
                                         words({}), {0, 31});
                return i_.let({"rotated"},
                              forward ? "($0 << $1) | ($0 >> ((32 - $1) & 31))"
                                      : "($0 >> $1) | ($0 << ((32 - $1) & 31))",
                              {p[0], n}, words({}), kWord);
              });
        }
        break;
      case Rounds::kAndRotation:
        mix_ = mixer({"round_function", "and_rotate"}, "The part of a round that is not linear.",
                     {part({"x", "half"})}, [&](const Ids& p) {
                       const ValueId a = turns_.left({"by_1"}, p[0], 1),
                                     b = turns_.left({"by_8"}, p[0], 8);
                       return i_.let({"mixed"}, "($0 & $1) ^ $2",
                                     {a, b, turns_.left({"by_2"}, p[0], 2)}, words({}), kWord);
                     });
        break;
      case Rounds::kNibbles:
        mix_ = nibbles();
        break;
      case Rounds::kMultiply:
        mix_ = mixer(
            {"round_function", "scramble"}, "Scramble half a block with a round key.",
            {part({"half", "x"}), part({"k", "round_key"})}, [&](const Ids& p) {
              const std::string factor =
                  i_.either({"0x9E3779B1", "0x85EBCA6B", "0xC2B2AE35", "0x27D4EB2F"});
              const ValueId product = i_.let({"product"}, "($0 ^ $1) * jnp.uint32(" + factor + ")",
                                             p, words({}), kWord);
              const ValueId turned = turns_.left({"turned"}, product, i_.chance(0.5) ? 11 : 13);
              return i_.let({"scrambled"}, i_.either({"$0 + $1", "$0 ^ ($1 >> 3)"}), {turned, p[0]},
                            words({}), kWord);
            });
        break;
      case Rounds::kAddRotateXor:
        break;
    }
    if (encrypts_) round_ = round(true);
    if (decrypts_) unround_ = round(false);
  }

  // Eight nibbles through a table, as GOST 28147 does.
  BodyId nibbles() {
    const Idiom::Part table{{"sbox", "table"}, words({16}), {0, 15}};
    const BodyId substitute = i_.helper(
        {"substitute", "apply_sbox"}, "Replace each nibble of a word by its entry of the table.",
        {part({"x", "word"}), table}, [&](const Ids& p) {
          if (i_.chance(0.5)) {
            const ValueId shifts = i_.let({"shifts"},
                                          i_.either({"4 * jnp.arange(8, dtype=jnp.uint32)",
                                                     "jnp.arange(0, 32, 4, dtype=jnp.uint32)"}),
                                          {}, words({8}), {0, 28});
            const ValueId parts =
                i_.let({"nibbles"}, "($0 >> $1) & 15", {p[0], shifts}, words({8}), {0, 15});
            return Ids{i_.let({"replaced"}, "jnp.sum($0[$1] << $2, dtype=jnp.uint32)",
                              {p[1], parts, shifts}, words({}), kWord)};
          }
          std::string all;
          for (int k = 0; k < 8; ++k)
            all += k == 0 ? "$1[$0 & 15]" : fmt::format(" | ($1[($0 >> {0}) & 15] << {0})", 4 * k);
          return Ids{i_.let({"replaced"}, all, p, words({}), kWord)};
        });
    return i_.helper(
        {"round_function", "keyed_sbox"}, "Add a round key, substitute nibbles and rotate.",
        {part({"half", "x"}), part({"k", "round_key"}), table}, [&](const Ids& p) {
          const ValueId sum =
              i_.let({"keyed"}, i_.either({"$0 + $1", "$0 ^ $1"}), {p[0], p[1]}, words({}), kWord);
          const ValueId replaced = i_.call({"replaced"}, substitute, {sum, p[2]}, words({}), kWord);
          return Ids{turns_.left({"turned"}, replaced, 11)};
        });
  }

  Parts round_parts() const {
    Parts out = {part({"left", "x"}), part({"right", "y"})};
    for (int k = 0; k < kind_.keys; ++k)
      out.push_back(part({kind_.keys > 1 ? fmt::format("k{}", k) : "k"}));
    if (kind_.rounds == Rounds::kNibbles) out.push_back({{"sbox"}, words({16}), {0, 15}});
    return out;
  }

  BodyId round(bool forward) {
    return stage(
        i_,
        forward ? Words{"encrypt_round", "cipher_round"} : Words{"decrypt_round", "inverse_round"},
        forward ? "One round on the two halves of a block." : "One round undone.", round_parts(),
        [&](const Ids& p) { return forward ? rounded(p) : unrounded(p); });
  }

  ValueId mixed(Words names, BodyId by, Ids operands) {
    return i_.call(std::move(names), by, std::move(operands), words({}), kWord);
  }
  ValueId step(Words names, const std::string& form, Ids operands) {
    return word(i_, std::move(names), form, std::move(operands));
  }

  Ids rounded(const Ids& p) {
    const ValueId x = p[0], y = p[1], k = p[2];
    switch (kind_.rounds) {
      case Rounds::kAddRotateXor: {
        const ValueId a =
            step({"left_next", "x_next"}, "($0 + $1) ^ $2", {turns_.right({"turned"}, x, 8), y, k});
        return {a, step({"right_next", "y_next"}, "$0 ^ $1", {turns_.left({"shifted"}, y, 3), a})};
      }
      case Rounds::kShiftAdd: {
        const ValueId a =
            step({"left_next"}, "$0 + ($1 ^ $2)", {x, mixed({"spread_right"}, mix_, {y}), k});
        return {a, step({"right_next"}, "$0 + ($1 ^ $2)",
                        {y, mixed({"spread_left"}, mix_, {a}), p[3]})};
      }
      case Rounds::kDataRotation: {
        const ValueId a =
            step({"left_next"}, "$0 + $1",
                 {mixed({"turned_left"}, mix_, {step({"both"}, "$0 ^ $1", {x, y}), y}), k});
        return {a, step({"right_next"}, "$0 + $1",
                        {mixed({"turned_right"}, mix_, {step({"both_next"}, "$0 ^ $1", {y, a}), a}),
                         p[3]})};
      }
      case Rounds::kAndRotation:
        return {step({"left_next"}, "$0 ^ $1 ^ $2", {y, mixed({"mixed"}, mix_, {x}), k}), x};
      case Rounds::kNibbles:
        return {y, step({"right_next"}, "$0 ^ $1", {x, mixed({"mixed"}, mix_, {y, k, p[3]})})};
      case Rounds::kMultiply:
        return {y, step({"right_next"}, "$0 ^ $1", {x, mixed({"mixed"}, mix_, {y, k})})};
    }
    return {};
  }

  Ids unrounded(const Ids& p) {
    const ValueId x = p[0], y = p[1], k = p[2];
    switch (kind_.rounds) {
      case Rounds::kAddRotateXor: {
        const ValueId b = turns_.right({"right_before"}, step({"both"}, "$0 ^ $1", {x, y}), 3);
        return {turns_.left({"left_before"}, step({"unkeyed"}, "($0 ^ $1) - $2", {x, k, b}), 8), b};
      }
      case Rounds::kShiftAdd: {
        const ValueId b =
            step({"right_before"}, "$0 - ($1 ^ $2)", {y, mixed({"spread_left"}, mix_, {x}), p[3]});
        return {step({"left_before"}, "$0 - ($1 ^ $2)", {x, mixed({"spread_right"}, mix_, {b}), k}),
                b};
      }
      case Rounds::kDataRotation: {
        const ValueId b = step(
            {"right_before"}, "$0 ^ $1",
            {mixed({"turned_right"}, unmix_, {step({"unkeyed_right"}, "$0 - $1", {y, p[3]}), x}),
             x});
        return {
            step({"left_before"}, "$0 ^ $1",
                 {mixed({"turned_left"}, unmix_, {step({"unkeyed_left"}, "$0 - $1", {x, k}), b}),
                  b}),
            b};
      }
      case Rounds::kAndRotation:
        return {y, step({"right_before"}, "$0 ^ $1 ^ $2", {x, mixed({"mixed"}, mix_, {y}), k})};
      case Rounds::kNibbles:
        return {step({"left_before"}, "$0 ^ $1", {y, mixed({"mixed"}, mix_, {x, k, p[3]})}), x};
      case Rounds::kMultiply:
        return {step({"left_before"}, "$0 ^ $1", {y, mixed({"mixed"}, mix_, {x, k})}), x};
    }
    return {};
  }

  // ---- A block ----

  Parts block_parts() const {
    Parts out = {
        part({"left", "x"}), part({"right", "y"}), {{"round_keys", "keys"}, keys_type(), kWord}};
    if (kind_.rounds == Rounds::kNibbles) out.push_back({{"sbox"}, words({16}), {0, 15}});
    return out;
  }

  // Rounds in cycles of a few that are written out.
  BodyId block(bool forward) {
    const bool table = kind_.rounds == Rounds::kNibbles;
    Parts cycle_parts = {part({"left", "x"}),
                         part({"right", "y"}),
                         {{"ks", "cycle_keys"}, words({per_ * kind_.keys}), kWord}};
    if (table) cycle_parts.push_back({{"sbox"}, words({16}), {0, 15}});
    const BodyId cycle = stage(
        i_, forward ? Words{"encrypt_cycle", "cycle"} : Words{"decrypt_cycle", "inverse_cycle"},
        fmt::format("{} rounds {}.", per_, forward ? "in a row" : "undone, the last one first"),
        cycle_parts, [&](const Ids& p) {
          Ids at = {p[0], p[1]};
          for (std::int64_t n = 0; n < per_; ++n) {
            const std::int64_t r = forward ? n : per_ - 1 - n;
            Ids operands = at;
            for (int k = 0; k < kind_.keys; ++k)
              operands.push_back(i_.let({fmt::format("k_{}", r * kind_.keys + k)},
                                        fmt::format("$0[{}]", r * kind_.keys + k), {p[2]},
                                        words({}), kWord));
            if (table) operands.push_back(p[3]);
            at = call(i_, forward ? round_ : unround_, operands,
                      {part({fmt::format("l{}", n + 1)}), part({fmt::format("r{}", n + 1)})});
          }
          return at;
        });
    return stage(
        i_,
        forward ? Words{"encrypt_block", "encrypt_pair"} : Words{"decrypt_block", "decrypt_pair"},
        fmt::format("{} two words by {} rounds.", forward ? "Encrypt" : "Decrypt", cycles_ * per_),
        block_parts(), [&](const Ids& p) {
          Ids at = {p[0], p[1]};
          const auto whitened = [&](bool first) {
            if (!whitens_) return;
            const ValueId k = i_.let({first ? "first_key" : "last_key"},
                                     first ? "$0[0, 0]" : "$0[-1, -1]", {p[2]}, words({}), kWord);
            at[0] = step({"whitened"}, "$0 ^ $1", {at[0], k});
          };
          whitened(forward);
          const auto once = [&](const Ids& q, ValueId keys) {
            Ids operands = {q[0], q[1], keys};
            if (table) operands.push_back(p[3]);
            return call(i_, cycle, operands, {part({"left_next"}), part({"right_next"})});
          };
          const std::vector<Idiom::Carry> carries = {
              {{"left", "x"}, at[0], kWord, {"left_out", "x_out"}},
              {{"right", "y"}, at[1], kWord, {"right_out", "y_out"}}};
          if (by_scan_) {
            at = i_.scan(
                       {"one_cycle", "step"}, carries, {{{"ks", "cycle_keys"}, p[2]}}, {},
                       [&](const Ids& q) { return once(q, q[2]); }, forward ? "" : "reverse=True")
                     .final;
          } else {
            at = i_.fori(0, cycles_, {"one_cycle", "step"}, carries, [&](const Ids& q) {
              const std::string place =
                  forward ? "$0[$1]" : fmt::format("$0[{} - $1]", cycles_ - 1);
              return once({q[1], q[2]}, i_.let({"ks", "cycle_keys"}, place, {p[2], q[0]},
                                               words({per_ * kind_.keys}), kWord));
            });
          }
          whitened(!forward);
          return at;
        });
  }

  // ---- Round keys ----

  BodyId expansion() {
    const std::int64_t count = cycles_ * per_ * kind_.keys;
    return i_.helper(
        {"expand_key", "key_schedule"},
        fmt::format("Expand a key of four words to {} words of round keys.", count),
        {{{"key", "key_words"}, words({4}), kWord}}, [&](const Ids& p) {
          ValueId all;
          if (kind_.rounds == Rounds::kShiftAdd && own_schedule_)
            all = tea_keys(p[0]);
          else if (kind_.rounds == Rounds::kAddRotateXor)
            all = speck_keys(p[0], count);
          else
            all = fed_back(p[0], count);
          return Ids{i_.let({"round_keys"},
                            fmt::format("$0.reshape({}, {})", cycles_, per_ * kind_.keys), {all},
                            keys_type(), kWord)};
        });
  }

  ValueId tea_keys(ValueId key) {
    const std::int64_t rounds = cycles_ * per_;
    const ValueId sums = i_.let(
        {"sums"}, fmt::format("jnp.arange({}, dtype=jnp.uint32) * jnp.uint32(0x9E3779B9)", rounds),
        {}, words({rounds}), kWord);
    const ValueId first = i_.let({"first"}, "$0 + $1[$0 & 3]", {sums, key}, words({rounds}), kWord);
    const ValueId after =
        i_.let({"next_sums"}, "$0 + jnp.uint32(0x9E3779B9)", {sums}, words({rounds}), kWord);
    const ValueId second =
        i_.let({"second"}, "$0 + $1[($0 >> 11) & 3]", {after, key}, words({rounds}), kWord);
    return i_.let({"pairs"}, "jnp.stack([$0, $1], axis=1)", {first, second}, words({rounds, 2}),
                  kWord);
  }

  ValueId counters(std::int64_t count) {
    return i_.let({"counters", "rounds"}, fmt::format("jnp.arange({}, dtype=jnp.uint32)", count),
                  {}, words({count}), {0, static_cast<double>(count)});
  }

  std::vector<Idiom::Carry> four(ValueId key) {
    std::vector<Idiom::Carry> out;
    for (int k = 0; k < 4; ++k) {
      const std::string name(1, static_cast<char>('a' + k));
      out.push_back(
          {{name}, i_.let({name}, fmt::format("$0[{}]", k), {key}, words({}), kWord), kWord});
    }
    return out;
  }

  ValueId speck_keys(ValueId key, std::int64_t count) {
    const ValueId rounds = counters(count);
    return i_
        .scan({"next_key", "expand"}, four(key), {{{"r", "counter"}, rounds}},
              {{"all_keys", "words"}},
              [&](const Ids& p) {
                const ValueId l =
                    step({"l"}, "($0 + $1) ^ $2", {p[0], turns_.right({"turned"}, p[1], 8), p[4]});
                const ValueId k = step({"k"}, "$0 ^ $1", {turns_.left({"shifted"}, p[0], 3), l});
                return Ids{k, p[2], p[3], l, p[0]};
              })
        .stacked[0];
  }

  // Words that are fed back, with a constant for each.
  ValueId fed_back(ValueId key, std::int64_t count) {
    const ValueId rounds = counters(count);
    const std::string constant = i_.either({"0x9E3779B9", "0xB7E15163", "0x6A09E667"});
    const std::string form = i_.either({"($0 + $1) ^ ($2 * jnp.uint32(" + constant + "))",
                                        "($0 ^ $1) + ($2 + 1) * jnp.uint32(" + constant + ")"});
    return i_
        .scan({"next_key", "expand"}, four(key), {{{"r", "counter"}, rounds}},
              {{"all_keys", "words"}},
              [&](const Ids& p) {
                const ValueId fed = step({"fed"}, form, {p[0], p[3], p[4]});
                if (!schedule_turns_) {
                  const ValueId fresh = step({"fresh"}, "$0 ^ ($0 << 5) ^ ($0 >> 7)", {fed});
                  return Ids{p[1], p[2], p[3], fresh, fresh};
                }
                const ValueId fresh =
                    step({"fresh"}, "$0 + $1", {turns_.left({"turned"}, fed, 7), p[1]});
                return Ids{p[1], p[2], p[3], fresh, fresh};
              })
        .stacked[0];
  }

  // ---- Blocks ----

  Ids block_operands(ValueId x, ValueId y, ValueId keys) {
    return table_ == kNoValue ? Ids{x, y, keys} : Ids{x, y, keys, table_};
  }

  Ids one_block(bool forward, ValueId x, ValueId y, ValueId keys, const std::string& stem) {
    return call(i_, forward ? encrypt_ : decrypt_, block_operands(x, y, keys),
                {part({stem + "_left"}), part({stem + "_right"})});
  }

  // Of all blocks at once.
  Ids all_blocks(bool forward, const Ids& blocks, ValueId keys, const std::string& stem) {
    const Ids operands = block_operands(blocks[0], blocks[1], keys);
    return i_.unpack(
        fmt::format("jax.vmap($f0, in_axes=(0, 0, None{}))({})", table_ == kNoValue ? "" : ", None",
                    Idiom::holes(0, operands.size())),
        operands, {forward ? encrypt_ : decrypt_},
        {{{stem + "_left"}, words({count_}), kWord}, {{stem + "_right"}, words({count_}), kWord}});
  }

  void run() {
    const std::string what = decrypts_ ? "cipher" : "plain";
    const Ids text = {i_.argument({what + "_left"}, words({count_}), kWord),
                      i_.argument({what + "_right"}, words({count_}), kWord)};
    if (mode_ == Mode::kBook) {
      all_blocks(encrypts_, text, keys_, encrypts_ ? "cipher" : "plain");
      return;
    }
    if (mode_ == Mode::kRekey) {
      const ValueId other = i_.argument({"new_key", "next_key"}, words({4}), kWord);
      const ValueId keys = i_.call({"new_round_keys"}, expand_, {other}, keys_type(), kWord);
      const Ids plain = all_blocks(false, text, keys_, "plain");
      all_blocks(true, plain, keys, "new");
      return;
    }
    if (mode_ == Mode::kCounter) {
      const ValueId nonce = i_.argument({"nonce", "iv"}, words({}), kWord);
      const ValueId numbers =
          i_.let({"counters"}, fmt::format("jnp.arange({}, dtype=jnp.uint32)", count_), {},
                 words({count_}), {0, static_cast<double>(count_)});
      const ValueId same =
          i_.let({"nonces"}, "jnp.full_like($0, $1)", {numbers, nonce}, words({count_}), kWord);
      const Ids stream = all_blocks(true, {same, numbers}, keys_, "stream");
      for (int k = 0; k < 2; ++k)
        i_.let({k == 0 ? "cipher_left" : "cipher_right"}, "$0 ^ $1", {text[k], stream[k]},
               words({count_}), kWord);
      return;
    }
    chained(text);
  }

  void chained(const Ids& text) {
    const Ids start = {i_.argument({"iv_left"}, words({}), kWord),
                       i_.argument({"iv_right"}, words({}), kWord)};
    const bool tag = mode_ == Mode::kTag;
    std::vector<Idiom::Carry> carries = {
        {{"last_left"}, start[0], kWord, tag ? Words{"tag_left"} : Words{}},
        {{"last_right"}, start[1], kWord, tag ? Words{"tag_right"} : Words{}}};
    std::vector<Words> stacked;
    if (!tag)
      stacked = {{encrypts_ ? "cipher_left" : "plain_left"},
                 {encrypts_ ? "cipher_right" : "plain_right"}};
    const auto both = [&](const Ids& a, const Ids& b, const std::string& stem) {
      return Ids{step({stem + "_left"}, "$0 ^ $1", {a[0], b[0]}),
                 step({stem + "_right"}, "$0 ^ $1", {a[1], b[1]})};
    };
    i_.scan({"chain_block", "one_block"}, carries, {{{"left"}, text[0]}, {{"right"}, text[1]}},
            stacked, [&](const Ids& p) {
              const Ids last = {p[0], p[1]}, now = {p[2], p[3]};
              if (mode_ == Mode::kOutput) {
                const Ids stream = one_block(true, last[0], last[1], keys_, "stream");
                const Ids out = both(now, stream, "masked");
                return Ids{stream[0], stream[1], out[0], out[1]};
              }
              if (mode_ == Mode::kFeedback) {
                const Ids stream = one_block(true, last[0], last[1], keys_, "stream");
                const Ids out = both(now, stream, "masked");
                return Ids{out[0], out[1], out[0], out[1]};
              }
              if (!encrypts_) {
                const Ids out =
                    both(one_block(false, now[0], now[1], keys_, "inner"), last, "plain");
                return Ids{now[0], now[1], out[0], out[1]};
              }
              const Ids mixed = both(now, last, "mixed");
              const Ids out = one_block(true, mixed[0], mixed[1], keys_, "out");
              return tag ? out : Ids{out[0], out[1], out[0], out[1]};
            });
  }

  // The message keys the cipher, block by block.
  void hash() {
    const ValueId message = i_.argument({"message", "blocks"}, words({count_, 4}), kWord);
    const std::vector<Idiom::Carry> carries = {
        {{"h0"},
         i_.let({"h0", "start"}, "$0[0] ^ $0[2]", {key_}, words({}), kWord),
         kWord,
         {"digest_left"}},
        {{"h1"},
         i_.let({"h1", "start_right"}, "$0[1] ^ $0[3]", {key_}, words({}), kWord),
         kWord,
         {"digest_right"}}};
    i_.scan({"absorb", "compress"}, carries, {{{"block", "words"}, message}}, {},
            [&](const Ids& p) {
              const ValueId keys = i_.call({"block_keys"}, expand_, {p[2]}, keys_type(), kWord);
              const Ids out = one_block(true, p[0], p[1], keys, "sealed");
              return Ids{step({"h0_next"}, "$0 ^ $1", {out[0], p[0]}),
                         step({"h1_next"}, "$0 ^ $1", {out[1], p[1]})};
            });
  }

  Idiom& i_;
  Rotations turns_;
  Kind kind_;
  Mode mode_{};
  std::int64_t per_ = 0, cycles_ = 0, count_ = 0;
  bool decrypts_ = false, encrypts_ = true, whitens_ = false, own_schedule_ = false,
       by_scan_ = false, schedule_turns_ = true;
  BodyId mix_ = -1, unmix_ = -1, round_ = -1, unround_ = -1, encrypt_ = -1, decrypt_ = -1,
         expand_ = -1;
  ValueId key_ = kNoValue, keys_ = kNoValue, table_ = kNoValue;
};
}  // namespace

std::vector<Op> cipher_wholes() {
  return wholes_by<BlockCipher>({{"block_cipher", kArithmetic, 0.5},
                                 {"table_cipher", kIndexing, 0.5},
                                 {"cipher_blocks", kVectorization, 0.5},
                                 {"chained_cipher", kLoop, 0.5}});
}

}  // namespace jaxsmith::plan
