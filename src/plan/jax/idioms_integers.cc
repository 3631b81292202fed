// Integers and bits: hashes, codes, generators, packed fields, number theory.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

Type u32(Shape shape) { return {DType::kU32, std::move(shape)}; }

// h ^ (h >> s): the half of every mixing function that is no multiplication.
ValueId fold_down(Idiom& i, ValueId h, std::int64_t shift, bool function) {
  return i.let(
      {"h", "mixed", "hashed"},
      fmt::format(fmt::runtime(function ? "jnp.bitwise_xor($0, $0 >> {})" : "$0 ^ ($0 >> {})"),
                  shift),
      {h}, i.type(h), kWord);
}

ValueId times(Idiom& i, ValueId h, const std::string& factor) {
  return i.let({"h", "scrambled", "product"}, "$0 * jnp.uint32(" + factor + ")", {h}, i.type(h),
               kWord);
}

// Finalisers of MurmurHash3, xxHash and lowbias32 (C. Wellons); a salt that goes in by xor, by
// addition or as Boost combines hashes; buckets, a mask or a unit real made of what comes out.
Op hash_mix() {
  return idiom("hash_mix", kArithmetic, 1.0, kZero, [](Idiom& i) {
    i.called({"hash_mix", "mix_keys", "avalanche", "scramble_keys"});
    i.summary("Hash 32-bit keys by rounds of shifts and multiplications.");
    const Shape shape = drawn_shape(i, 0, 2);
    ValueId h = i.input({"keys", "ids", "words"}, u32(shape), kWord);
    switch (i.between(0, 3)) {
      case 0: {
        const ValueId salt = i.input({"salt", "seed"}, u32({}), kWord);
        h = i.let({"salted", "h"}, i.either({"$0 ^ $1", "$0 + $1", "$1 ^ $0"}), {h, salt},
                  u32(shape), kWord);
        break;
      }
      case 1: {
        const ValueId other = i.input({"other", "values", "features"}, u32(shape), kWord);
        i.comment("As hashes of parts are combined into one of the whole.");
        h = i.let({"combined", "h"}, "$0 ^ ($1 + jnp.uint32(0x9E3779B9) + ($0 << 6) + ($0 >> 2))",
                  {h, other}, u32(shape), kWord);
        i.summary("Combine two hashes and mix the result.");
        break;
      }
      default:
        break;
    }
    struct Finaliser {
      std::int64_t shifts[3];
      std::string first, second;
    };
    static const std::vector<Finaliser> kFinalisers = {{{16, 13, 16}, "0x85EBCA6B", "0xC2B2AE35"},
                                                       {{15, 13, 16}, "2246822519", "3266489917"},
                                                       {{16, 15, 16}, "0x7FEB352D", "0x846CA68B"},
                                                       {{16, 12, 15}, "0x2C1B3C6D", "0x297A2D39"},
                                                       {{16, 16, 16}, "0x45D9F3B", "0x45D9F3B"}};
    const Finaliser f = i.random().pick(kFinalisers);
    const bool function = i.chance(0.25);
    h = fold_down(i, h, f.shifts[0], function);
    h = times(i, h, f.first);
    h = fold_down(i, h, f.shifts[1], function);
    h = times(i, h, f.second);
    h = fold_down(i, h, f.shifts[2], function);
    switch (i.between(0, 4)) {
      case 0: {
        const std::int64_t buckets = i.random().pick(std::vector<std::int64_t>{97, 101, 251, 1021});
        i.summary("Assign keys to buckets by their hash.");
        i.let(
            {"buckets", "slots"},
            fmt::format(fmt::runtime(i.chance(0.5) ? "$0 % {}" : "jnp.remainder($0, {})"), buckets),
            {h}, u32(shape), {0, static_cast<double>(buckets - 1)});
        break;
      }
      case 1: {
        const std::int64_t top = (std::int64_t{1} << i.between(6, 12)) - 1;
        i.summary("Assign keys to slots of a hash table by the low bits of their hash.");
        i.let({"slots", "buckets"},
              fmt::format(fmt::runtime(i.chance(0.5) ? "$0 & {}" : "$0 & 0x{:X}"), top), {h},
              u32(shape), {0, static_cast<double>(top)});
        break;
      }
      case 2:
        if (i.real() != DType::kF32) break;
        i.summary("Turn integer keys into uniform numbers in the unit interval.");
        i.let({"uniform", "unit"},
              i.either({"($0 >> 8).astype(jnp.float32) / 16777216.0",
                        "($0 >> 8).astype(jnp.float32) * 2.0**-24"}),
              {h}, shape, {0, 1});
        break;
      default:
        break;
    }
  });
}

// Bits of two or three coordinates in turn: by magic masks. With masks as in "Bit Twiddling Hacks".
Op morton_code() {
  return idiom("morton_code", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const bool solid = i.chance(0.35), helper = i.chance(0.65), with_or = i.chance(0.6);
    const double top = solid ? 1023 : 65535;
    const Shape shape = number_or_row(i, 3);
    struct Step {
      int shift;
      const char* mask;
    };
    const std::vector<Step> steps =
        solid ? std::vector<Step>{{16, "0x030000FF"},
                                  {8, "0x0300F00F"},
                                  {4, "0x030C30C3"},
                                  {2, "0x09249249"}}
              : std::vector<Step>{
                    {8, "0x00FF00FF"}, {4, "0x0F0F0F0F"}, {2, "0x33333333"}, {1, "0x55555555"}};
    const auto spread = [&](const Ids& p) {
      ValueId v = p[0];
      for (const Step& s : steps)
        v = i.let(
            {"v", "spread"},
            fmt::format(fmt::runtime(with_or ? "($0 | ($0 << {})) & {}" : "($0 ^ ($0 << {})) & {}"),
                        s.shift, s.mask),
            {v}, u32(shape), kWord);
      return Ids{v};
    };
    const Words names[] = {{"x", "rows"}, {"y", "cols"}, {"z", "layers"}};
    const int count = solid ? 3 : 2;
    const BodyId body = helper
                            ? i.helper({"spread_bits", "part_bits", "dilate"},
                                       solid ? "Put two zeros between the bits of a 10-bit integer."
                                             : "Put a zero between the bits of a 16-bit integer.",
                                       {{{"v", "x", "coordinate"}, u32(shape), {0, top}}}, spread)
                            : -1;
    Ids parts;
    if (helper || i.chance(0.5)) {
      for (int k = 0; k < count; ++k) {
        const ValueId x = i.input(names[k], u32(shape), {0, top});
        parts.push_back(
            helper ? i.call({"spread_" + names[k][0], "part"}, body, {x}, u32(shape), kWord)
                   : spread({x})[0]);
      }
    } else {
      Shape both = shape;
      both.push_back(count);
      const ValueId points = i.input({"points", "cells", "coords"}, u32(both), {0, top});
      for (int k = 0; k < count; ++k)
        parts.push_back(
            spread({i.let(names[k], fmt::format("$0[{}{}]", shape.empty() ? "" : ":, ", k),
                          {points}, u32(shape), {0, top})})[0]);
    }
    const ValueId code =
        solid ? i.let({"code", "morton"}, "$0 | ($1 << 1) | ($2 << 2)", parts, u32(shape), kWord)
              : i.let({"code", "morton"}, i.either({"$0 | ($1 << 1)", "($1 << 1) | $0"}), parts,
                      u32(shape), kWord);
    if (shape.empty() || !i.chance(0.35)) {
      i.called({"morton_code", "morton_encode", "z_order", "interleave_bits"});
      i.summary(solid ? "Interleave the bits of three coordinates."
                      : "Interleave the bits of two coordinates.");
    } else {
      i.called({"morton_order", "sort_along_curve", "z_order_sort"});
      i.summary("Sort grid cells along the Z-order curve.");
      i.keep(code);  // an order alone hardly shows what it is made of
      i.let({"order", "permutation"}, i.either({"jnp.argsort($0)", "jnp.argsort($0, stable=True)"}),
            {code}, Type{i.integer(), shape}, {0, static_cast<double>(shape[0])});
    }
  });
}

ValueId gray_of(Idiom& i, ValueId number, Words names, Interval range) {
  return i.let(std::move(names), i.either({"$0 ^ ($0 >> 1)", "jnp.bitwise_xor($0, $0 >> 1)"}),
               {number}, i.type(number), range);
}

// The number of a Gray code: by halving or doubling shifts, or bit by bit.
ValueId number_of_gray(Idiom& i, ValueId gray, int width, Interval range) {
  const Type type = i.type(gray);
  if (i.chance(0.6)) {
    i.comment("Each bit is the parity of the code's bits from it upwards.");
    ValueId x = gray;
    for (int s = i.chance(0.5) ? 1 : width / 2, up = s == 1; s >= 1 && s < width;
         s = up ? 2 * s : s / 2)
      x = i.let({"binary", "decoded"}, fmt::format("$0 ^ ($0 >> {})", s), {x}, type, range);
    return x;
  }
  const ValueId shifted = i.let({"mask", "rest"}, "$0 >> 1", {gray}, type, range);
  return i.fori(0, width - 1, {"fold", "decode_bit"},
                {{{"binary", "value"}, gray, range, {"decoded", "binary"}},
                 {{"mask", "rest"}, shifted, range}},
                [&](const Ids& p) {
                  const ValueId value = i.let({"value"}, "$0 ^ $1", {p[1], p[2]}, type, range);
                  return Ids{value, i.let({"rest"}, "$0 >> 1", {p[2]}, type, range)};
                })[0];
}

// Reflected codes: how many wires switch between neighbouring levels, codes read as numbers, and
// the codes that lie some places further on.
Op gray_code() {
  return idiom("gray_code", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const Shape shape = drawn_shape(i, 0, 2);
    const bool narrow = i.chance(0.4);
    const DType dtype = narrow ? DType::kU8 : DType::kU32;
    const Interval range = narrow ? Interval{0, 255} : kWord;
    const int width = narrow ? 8 : 32;
    // Neighbours are those along an axis.
    const auto task = i.between(shape.empty() || shape[0] < 3 ? 1 : 0, 2);
    if (task == 0) {
      const ValueId levels = i.input({"levels", "positions"}, Type{dtype, shape}, range);
      i.called({"count_gray_transitions", "gray_bit_flips", "switched_gray_bits"});
      i.summary("Count the bits that switch between neighboring levels in Gray code.");
      const ValueId gray = gray_of(i, levels, {"gray", "encoded"}, range);
      Shape steps = shape;
      --steps[0];
      const ValueId flipped =
          i.let({"flipped", "changed"},
                i.either({"$0[1:] ^ $0[:-1]", "jnp.bitwise_xor($0[1:], $0[:-1])"}), {gray},
                Type{dtype, steps}, range);
      i.let({"transitions", "flips"}, "lax.population_count($0)", {flipped}, i.type(flipped),
            {0, static_cast<double>(width)});
      return;
    }
    const ValueId gray = i.input({"gray", "gray_codes", "codes"}, Type{dtype, shape}, range);
    if (task == 1) {
      i.called({"gray_decode", "from_gray", "gray_to_binary"});
      i.summary("Convert reflected Gray codes to binary numbers.");
      number_of_gray(i, gray, width, range);
      return;
    }
    i.called({"advance_gray", "gray_advance", "step_gray_codes"});
    const std::int64_t step = i.between(1, narrow ? 60 : 1000);
    i.summary(fmt::format("Give the Gray codes that lie {} places after others.", step));
    const ValueId number = number_of_gray(i, gray, width, range);
    const ValueId moved =
        i.let({"moved", "advanced"}, fmt::format("$0 + {}", step), {number}, i.type(gray), range);
    gray_of(i, moved, {"next_codes", "recoded"}, range);
  });
}

// Two signed 4-bit numbers a byte, as quantised weights are stored: packed, unpacked, scaled.
Op pack_nibbles() {
  return idiom("pack_nibbles", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const std::int64_t rows = i.size(), half = i.size();
    const bool flat = i.chance(0.4), low_first = i.chance(0.7);
    const auto with = [&](std::int64_t n) { return flat ? Shape{n} : Shape{rows, n}; };
    const std::string every = flat ? "" : "..., ";
    if (i.chance(0.5)) {
      i.called({"pack_int4", "pack_nibbles", "pack_pairs"});
      i.summary("Pack pairs of 4-bit integers into bytes.");
      const bool halves = i.chance(0.4);
      const ValueId codes =
          i.input({"codes", "quantized", "nibbles"}, Type{DType::kU8, with(2 * half)}, {0, 15});
      const std::string first = halves ? fmt::format(":{}", half) : "::2",
                        second = halves ? fmt::format("{}:", half) : "1::2";
      const ValueId low = i.let({"low", "even"}, "$0[" + every + first + "]", {codes},
                                Type{DType::kU8, with(half)}, {0, 15});
      const ValueId high = i.let({"high", "odd"}, "$0[" + every + second + "]", {codes},
                                 Type{DType::kU8, with(half)}, {0, 15});
      const ValueId packed = i.let(
          {"packed", "byte_codes"},
          low_first ? i.either({"$0 | ($1 << 4)", "jnp.bitwise_or($0, $1 << 4)", "$0 + 16 * $1"})
                    : i.either({"($0 << 4) | $1", "jnp.bitwise_or($0 << 4, $1)"}),
          {low, high}, Type{DType::kU8, with(half)}, {0, 255});
      if (i.chance(0.4))
        i.let({"signed", "packed_i8"},
              i.either({"lax.bitcast_convert_type($0, jnp.int8)", "$0.view(jnp.int8)"}), {packed},
              Type{DType::kI8, with(half)}, {-128, 127});
      return;
    }
    i.called({"unpack_int4", "dequantize_int4", "unpack_nibbles"});
    i.summary("Unpack bytes into signed 4-bit integers.");
    const ValueId packed = i.input({"packed", "codes"}, Type{DType::kI8, with(half)}, {-128, 127});
    const Type part{DType::kI8, with(half)};
    const bool by_shift = i.chance(0.7);
    i.comment(by_shift ? "The arithmetic shift carries the sign down."
                       : "Nibbles from eight on stand for negative numbers.");
    const ValueId low =
        i.let({"low", "even"},
              by_shift ? i.either({"($0 << 4) >> 4", "jnp.right_shift($0 << 4, 4)"})
                       : i.either({"($0 & 15) - ((($0 & 15) >> 3) << 4)", "(($0 & 15) ^ 8) - 8"}),
              {packed}, part, {-8, 7});
    const ValueId high = i.let({"high", "odd"}, i.either({"$0 >> 4", "jnp.right_shift($0, 4)"}),
                               {packed}, part, {-8, 7});
    const Ids order = low_first ? Ids{low, high} : Ids{high, low};
    const std::string tail = flat ? ".reshape(-1)" : fmt::format(".reshape({}, -1)", rows);
    const ValueId values = i.let(
        {"values", "unpacked", "weights"},
        i.either({"jnp.stack([$0, $1], axis=-1)" + tail, "jnp.concatenate([$0, $1], axis=-1)"}),
        order, Type{DType::kI8, with(2 * half)}, {-8, 7});
    if (i.chance(0.6)) {
      i.summary("Dequantize packed 4-bit weights.");
      const bool by_row = !flat && i.chance(0.6);
      const ValueId scale =
          i.input({"scale", "scales"}, by_row ? Shape{rows} : Shape{}, {0.05, 0.5});
      i.let({"dequantized", "weights"},
            by_row ? i.either({"$0.astype($1.dtype) * $1[:, None]", "$0 * $1[:, None]"})
                   : i.either({"$0.astype($1.dtype) * $1", "$0 * $1"}),
            {values, scale}, with(2 * half), {-4, 4});
    }
  });
}

struct Layout {
  Words words, names;
  std::vector<int> widths;  // the lowest field first
  Words called;
  std::string summary;
};

const std::vector<Layout>& field_layouts() {
  static const std::vector<Layout> kLayouts = {{{"colors", "pixels"},
                                                {"blue", "green", "red"},
                                                {5, 6, 5},
                                                {"rgb565_channels", "split_rgb565", "color_fields"},
                                                "Take the channels of 16-bit colors apart."},
                                               {{"rgba", "pixels"},
                                                {"red", "green", "blue", "alpha"},
                                                {8, 8, 8, 8},
                                                {"split_rgba", "unpack_rgba", "rgba_channels"},
                                                "Take packed RGBA pixels apart."},
                                               {{"dates", "packed_dates"},
                                                {"day", "month", "year"},
                                                {5, 4, 7},
                                                {"unpack_date", "date_fields", "decode_dates"},
                                                "Decode dates that are packed into 16 bits."},
                                               {{"addresses", "entries"},
                                                {"offset", "page", "tag"},
                                                {6, 10, 12},
                                                {"split_address", "cache_index", "address_fields"},
                                                "Split addresses into tag, page and offset."}};
  return kLayouts;
}

// Fields of a packed word read out and written in: colours, headers, packed dates.
Op bit_fields() {
  return idiom("bit_fields", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const Layout layout = i.random().pick(field_layouts());
    const Shape shape = drawn_shape(i, 0, 2);
    int total = 0;
    for (const int w : layout.widths) total += w;
    const ValueId words =
        i.input(layout.words, u32(shape), {0, static_cast<double>((std::int64_t{1} << total) - 1)});
    const bool hex = i.chance(0.5);
    Ids fields;
    int at = 0;
    for (std::size_t k = 0; k < layout.widths.size(); ++k) {
      const int width = layout.widths[k], top = (1 << width) - 1;
      const std::string mask = hex ? fmt::format("0x{:X}", top) : fmt::format("{}", top);
      const std::string spelling = at == 0 ? "$0 & " + mask
                                   : at + width == total && i.chance(0.5)
                                       ? fmt::format("$0 >> {}", at)
                                       : fmt::format("($0 >> {}) & {}", at, mask);
      fields.push_back(
          i.let({layout.names[k]}, spelling, {words}, u32(shape), {0, static_cast<double>(top)}));
      at += width;
    }
    const auto joined = [&](bool reversed) {
      std::string out;
      int place = 0;
      for (std::size_t n = 0; n < fields.size(); ++n) {
        const std::size_t k = reversed ? fields.size() - 1 - n : n;
        out += fmt::format(fmt::runtime(place ? " | (${} << {})" : "${}"), k, place);
        place += layout.widths[k];
      }
      return out;
    };
    switch (std::ranges::find(layout.names, "red") != layout.names.end() ? i.between(0, 2) : 2) {
      case 0:
        i.called(fields.size() == 4 ? Words{"rgba_to_abgr", "reverse_channels"}
                                    : Words{"rgb565_to_bgr565", "swap_red_and_blue"});
        i.summary("Reverse the order of the channels of packed colors.");
        i.let({"repacked", "swapped"}, joined(true), fields, u32(shape), kWord);
        break;
      case 1: {
        const auto k =
            static_cast<std::size_t>(i.between(0, static_cast<std::int64_t>(fields.size()) - 1));
        const int width = layout.widths[k], top = (1 << width) - 1;
        const std::int64_t step =
            i.random().pick(std::vector<std::int64_t>{(top + 1) / 8, (top + 1) / 4, (top + 1) / 2});
        i.called({"raise_" + layout.names[k], "brighten_" + layout.names[k], "raise_channel"});
        i.summary("Raise the " + layout.names[k] + " channel of packed colors, up to its top.");
        i.comment("The channel stops at its top rather than run into the next.");
        fields[k] = i.let({layout.names[k] + "_raised", "raised"},
                          fmt::format("jnp.minimum($0 + {}, {})", step, top), {fields[k]},
                          u32(shape), {0, static_cast<double>(top)});
        i.let({"repacked", "packed"}, joined(false), fields, u32(shape), kWord);
        break;
      }
      default: {
        i.called(layout.called);
        i.summary(layout.summary);
        const std::string parts = Idiom::holes(0, fields.size());
        Shape all = shape;
        const bool first = i.chance(0.3);
        all.insert(first ? all.begin() : all.end(), static_cast<std::int64_t>(fields.size()));
        i.let({"fields", "channels"},
              first ? "jnp.stack([" + parts + "])" : "jnp.stack([" + parts + "], axis=-1)", fields,
              u32(all), {0, 255});
      }
    }
  });
}

// Two operands of 8 bits and what is done with them.
struct Saturation {
  ValueId x, y;
  Type type;
  bool subtracts;
  double lo, hi;  // ends of the type
  std::string op;
};

// In 32 bits, then clamped.
void saturate_wide(Idiom& i, const Saturation& s) {
  const auto& [x, y, type, subtracts, lo, hi, op] = s;
  const Type wide{DType::kI32, type.shape};
  const ValueId exact = i.let({"exact", "wide"},
                              i.either({"$0.astype(jnp.int32) " + op + " $1",
                                        "$0.astype(jnp.int32) " + op + " $1.astype(jnp.int32)"}),
                              {x, y}, wide, {lo * 2, hi * 2});
  const std::string ends = fmt::format("{}, {}", static_cast<int>(lo), static_cast<int>(hi));
  i.let({"saturated", "clamped"},
        fmt::format(fmt::runtime(i.either({"jnp.clip($0, {}).astype(jnp.{})",
                                           "lax.convert_element_type(jnp.clip($0, {}), jnp.{})"})),
                    ends, type.dtype == DType::kI8 ? "int8" : "uint8"),
        {exact}, type, {lo, hi});
}

// By the room that is left, or by the sign of a sum that has wrapped.
void saturate_by_room(Idiom& i, const Saturation& s) {
  const auto& [x, y, type, subtracts, lo, hi, op] = s;
  if (type.dtype == DType::kI8) {
    const ValueId sum = i.let({"wrapped", "total"}, "$0 " + op + " $1", {x, y}, type, {lo, hi});
    i.comment("The sum has the wrong sign where it has wrapped.");
    const ValueId over =
        i.let({"overflowed", "wrong_sign"},
              subtracts ? "(($0 ^ $1) & ($0 ^ $2)) < 0" : "(($0 ^ $2) & ($1 ^ $2)) < 0",
              {x, y, sum}, flags(type.shape), {0, 1});
    const ValueId end = i.let({"limit", "end"}, "jnp.where($0 < 0, -128, 127)", {x},
                              counts(i, type.shape), {-128, 127});
    i.let({"saturated"}, "jnp.where($0, $1.astype(jnp.int8), $2)", {over, end, sum}, type,
          {lo, hi});
    return;
  }
  if (subtracts) {
    i.let({"difference", "saturated"},
          i.either({"$0 - jnp.minimum($0, $1)", "jnp.where($0 > $1, $0 - $1, 0)",
                    "jnp.maximum($0, $1) - $1"}),
          {x, y}, type, {lo, hi});
    return;
  }
  const ValueId room =
      i.let({"room", "headroom"}, i.either({"255 - $0", "~$0"}), {x}, type, {lo, hi});
  i.let({"saturated", "total"}, "$0 + jnp.minimum($1, $2)", {x, y, room}, type, {lo, hi});
}

// By bounds of the one operand that keep the sum inside, or by a carry.
void saturate_by_bounds(Idiom& i, const Saturation& s) {
  const auto& [x, y, type, subtracts, lo, hi, op] = s;
  if (type.dtype != DType::kI8) {
    const ValueId sum = i.let({"wrapped", "total"}, "$0 " + op + " $1", {x, y}, type, {lo, hi});
    const ValueId carry = i.let({subtracts ? "borrowed" : "carried", "wraps"}, "$0 < $1",
                                subtracts ? Ids{x, y} : Ids{sum, x}, flags(type.shape), {0, 1});
    i.let({"saturated", "clamped"},
          fmt::format("jnp.where($0, jnp.uint8({}), $1)", subtracts ? 0 : 255), {carry, sum}, type,
          {lo, hi});
    return;
  }
  const ValueId low =
      i.let({"least", "low"}, subtracts ? "jnp.maximum($0, -1) - 127" : "-128 - jnp.minimum($0, 0)",
            {x}, type, {-128, 0});
  const ValueId high = i.let(
      {"most", "high"}, subtracts ? "jnp.minimum($0, -1) + 1 + 127" : "127 - jnp.maximum($0, 0)",
      {x}, type, {0, 127});
  if (subtracts)
    i.let({"saturated"}, "$0 - jnp.clip($1, $2, $3)", {x, y, low, high}, type, {lo, hi});
  else
    i.let({"saturated"}, "$0 + jnp.clip($1, $2, $3)", {x, y, low, high}, type, {lo, hi});
}

// Sums that stop at the ends of a narrow type: by a wider type, by the room that is left, or by the
// signs of a sum that wrapped.
Op saturating_add() {
  return idiom("saturating_add", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const bool is_signed = i.chance(0.5), subtracts = i.chance(0.35);
    const DType dtype = is_signed ? DType::kI8 : DType::kU8;
    const double lo = is_signed ? -128 : 0, hi = is_signed ? 127 : 255;
    const Shape shape = drawn_shape(i, 0, 2);
    const Type type{dtype, shape};
    const ValueId x = i.input({"pixels", "levels", "x"}, type, {lo, hi});
    const Shape other = shape.empty() || i.chance(0.7) ? shape : Shape{shape.back()};
    const ValueId y = i.input({"delta", "offsets", "y"}, {dtype, other}, {lo, hi});
    i.called(subtracts ? Words{"saturating_sub", "clamped_difference", "darken"}
                       : Words{"saturating_add", "clamped_sum", "brighten"});
    i.summary(subtracts ? "Subtract 8-bit integers without wrapping around."
                        : "Add 8-bit integers without wrapping around.");
    const Saturation s{x, y, type, subtracts, lo, hi, subtracts ? "-" : "+"};
    switch (i.between(0, 2)) {
      case 0:
        return saturate_wide(i, s);
      case 1:
        return saturate_by_room(i, s);
      default:
        return saturate_by_bounds(i, s);
    }
  });
}

// Generators with their constants: their step, and what a state gives away.
enum class Generator { kXorshift, kCongruence, kRegister, kWeyl };
struct Stream {
  Generator kind;
  std::vector<int> shifts;  // of Marsaglia's list
  std::string congruence, tap;

  Stream(Idiom& i, Generator kind)
      : kind(kind),
        shifts(i.random().pick(std::vector<std::vector<int>>{
            {13, 17, 5}, {5, 9, 7}, {7, 1, 9}, {9, 5, 14}, {11, 7, 12}})),
        congruence(i.either(
            {"$0 * 1664525 + 1013904223", "$0 * 22695477 + 1", "$0 * 1103515245 + 12345"})),
        tap(i.either({"0xEDB88320", "0x80200003", "0xA3000000"})) {}

  ValueId step(Idiom& i, ValueId s) const {
    const Type& type = i.type(s);
    switch (kind) {
      case Generator::kXorshift:
        s = i.let({"x"}, fmt::format("$0 ^ ($0 << {})", shifts[0]), {s}, type, kWord);
        s = i.let({"x"}, fmt::format("$0 ^ ($0 >> {})", shifts[1]), {s}, type, kWord);
        return i.let({"x"}, fmt::format("$0 ^ ($0 << {})", shifts[2]), {s}, type, kWord);
      case Generator::kCongruence:
        return i.let({"x", "new"}, congruence, {s}, type, kWord);
      case Generator::kRegister: {
        const ValueId low = i.let({"low_bit", "out_bit"}, "$0 & 1", {s}, type, {0, 1});
        const ValueId rest = i.let({"shifted"}, "$0 >> 1", {s}, type, kWord);
        return i.let({"x", "new"}, "jnp.where($0 == 1, $1 ^ jnp.uint32(" + tap + "), $1)",
                     {low, rest}, type, kWord);
      }
      default:
        return i.let({"x", "weyl"}, "$0 + jnp.uint32(0x9E3779B9)", {s}, type, kWord);
    }
  }

  // The high half of a congruence, the hash of a Weyl sequence.
  ValueId word_of(Idiom& i, ValueId s) const {
    const Type& type = i.type(s);
    if (kind == Generator::kCongruence)
      return i.let({"word", "high"}, "$0 >> 16", {s}, type, {0, 65535});
    if (kind != Generator::kWeyl) return s;
    ValueId z = i.let({"z"}, "($0 ^ ($0 >> 16)) * jnp.uint32(0x21F0AAAD)", {s}, type, kWord);
    z = i.let({"z"}, "($0 ^ ($0 >> 15)) * jnp.uint32(0x735A2D97)", {z}, type, kWord);
    return i.let({"word", "hashed"}, "$0 ^ ($0 >> 15)", {z}, type, kWord);
  }
};

// Xorshift, a linear congruence, a feedback register or a hashed Weyl sequence for several lanes at
// once, stepped by fori or by a scan that keeps what comes out.
Op random_stream() {
  return idiom("random_stream", kArithmetic, 1.0, kZero, [](Idiom& i) {
    const Shape lanes = row(i, 3);
    const Type type = u32(lanes);
    const ValueId seeds = i.input({"seeds", "state", "lanes"}, type, {1, 2147483647.0});
    const std::int64_t steps = i.between(3, 10), kind = i.between(0, 3);
    const Stream stream(i, static_cast<Generator>(kind));
    static const std::vector<Words> kNames = {{"xorshift", "xorshift32", "advance_generator"},
                                              {"lcg_stream", "congruential", "advance_lcg"},
                                              {"lfsr", "shift_register", "galois_lfsr"},
                                              {"splitmix32", "weyl_stream", "random_words"}};
    static const Words kSummaries = {"Run a xorshift generator in every lane.",
                                     "Run a linear congruential generator.",
                                     "Step a Galois feedback shift register in every lane.",
                                     "Draw random words by hashing a Weyl sequence."};
    const auto at = static_cast<std::size_t>(kind);
    i.called(kNames[at]);
    i.summary(kSummaries[at]);
    ValueId words = kNoValue;
    if (kind == 3 || i.chance(0.5)) {
      words =
          i.scan(
               {"step", "advance"}, {{{"x", "state"}, seeds, kWord, {}}}, {}, {{"words", "draws"}},
               [&](const Ids& p) {
                 const ValueId next = stream.step(i, p[0]);
                 return Ids{next, stream.word_of(i, next)};
               },
               "", steps)
              .stacked[0];
    } else {
      i.summary(fmt::format("Give each lane's word after {} steps.", steps));
      words = stream.word_of(i, i.fori(0, steps, {"step", "advance"},
                                       {{{"x", "state"}, seeds, kWord, {"state", "last"}}},
                                       [&](const Ids& p) { return Ids{stream.step(i, p[1])}; })[0]);
    }
    if (i.real() == DType::kF32 && i.chance(0.4)) {
      i.summary("Draw uniform numbers of the unit interval from a small generator.");
      i.let({"uniform", "unit"},
            kind == 1 ? i.either({"$0.astype(jnp.float32) / 65536.0",
                                  "$0.astype(jnp.float32) * 2.0**-16"})
                      : i.either({"($0 >> 8).astype(jnp.float32) / 16777216.0",
                                  "($0 >> 8).astype(jnp.float32) * 2.0**-24"}),
            {words}, i.shape(words), {0, 1});
    } else if (i.chance(0.4)) {
      const std::int64_t sides = i.random().pick(std::vector<std::int64_t>{6, 10, 20, 52, 100});
      i.summary(fmt::format("Draw whole numbers below {} from a small generator.", sides));
      i.let({"rolls", "draws"},
            fmt::format(fmt::runtime(kind == 1 ? "$0 % {}" : "($0 >> 16) % {}"), sides), {words},
            i.type(words), {0, static_cast<double>(sides)});
    }
  });
}

// Set bits of each word: by sums of neighbours, bit by bit, by a loop or by the instruction.
ValueId counted_bits(Idiom& i, ValueId x, std::int64_t way) {
  const Type type = i.type(x);
  switch (way) {
    case 0: {
      i.comment("Counts of pairs, of nibbles, of bytes.");
      const ValueId pairs = i.let({"pairs", "by_two"},
                                  i.either({"$0 - (($0 >> 1) & 0x55555555)",
                                            "($0 & 0x55555555) + (($0 >> 1) & 0x55555555)"}),
                                  {x}, type, kWord);
      const ValueId nibbles =
          i.let({"nibbles", "by_four"}, "($0 & 0x33333333) + (($0 >> 2) & 0x33333333)", {pairs},
                type, kWord);
      const ValueId bytes =
          i.let({"by_byte", "octets"}, "($0 + ($0 >> 4)) & 0x0F0F0F0F", {nibbles}, type, kWord);
      return i.let({"count", "ones"}, "($0 * 0x01010101) >> 24", {bytes}, type, {0, 32});
    }
    case 1: {
      Shape bits = type.shape;
      bits.push_back(32);
      const ValueId each =
          i.let({"bits", "digits"},
                i.either({"($0[..., None] >> jnp.arange(32).astype(jnp.uint32)) & 1",
                          "($0[..., None] >> jnp.arange(32, dtype=jnp.uint32)) & 1"}),
                {x}, u32(bits), {0, 1});
      return i.let(
          {"count", "ones"},
          i.either({"$0.sum(axis=-1, dtype=jnp.uint32)", "jnp.sum($0, axis=-1, dtype=jnp.uint32)"}),
          {each}, type, {0, 32});
    }
    case 2: {
      const ValueId zero =
          i.let({"count"}, i.either({"jnp.zeros_like($0)", "$0 & 0"}), {x}, type, {0, 32});
      return i.fori(
          0, 32, {"count_bit", "add_lowest"},
          {{{"rest", "bits"}, x, kWord, {}}, {{"count", "ones"}, zero, {0, 32}, {"count", "ones"}}},
          [&](const Ids& p) {
            const ValueId more = i.let({"ones"}, "$0 + ($1 & 1)", {p[2], p[1]}, type, {0, 32});
            return Ids{i.let({"rest"}, "$0 >> 1", {p[1]}, type, kWord), more};
          })[1];
    }
    default:
      return i.let(
          {"count", "ones"},
          i.either({"lax.population_count($0)", "jnp.bitwise_count($0).astype(jnp.uint32)"}), {x},
          type, {0, 32});
  }
}

// Set bits of each word, or of what differs between two: parities, an order, similarities of them.
Op bit_count() {
  return idiom("bit_count", kMath, 1.0, kZero, [](Idiom& i) {
    const Shape shape = drawn_shape(i, 0, 2);
    const Type type = u32(shape);
    ValueId x = i.input({"words", "masks", "codes", "bitboards"}, type, kWord);
    const bool distance = i.chance(0.4);
    if (distance) {
      const ValueId other = i.input({"other", "reference"}, type, kWord);
      x = i.let({"differing", "changed"}, i.either({"$0 ^ $1", "jnp.bitwise_xor($0, $1)"}),
                {x, other}, type, kWord);
    }
    const ValueId count = counted_bits(i, x, i.between(0, distance ? 3 : 2));
    const auto then = i.between(0, 3);
    const bool orders = then == 1 && shape.size() == 1,
               compares = then == 2 && distance && i.real() == DType::kF32;
    if (then != 0 && !orders && !compares) {
      i.called(distance ? Words{"hamming_distance", "count_differing_bits", "bit_distance"}
                        : Words{"popcount", "count_set_bits", "bit_counts"});
      i.summary(distance ? "Count the bits in which two words differ."
                         : "Count the set bits of every word.");
    }
    switch (then) {
      case 0:
        i.called({"bit_parity", "parity_of_words", "odd_bits"});
        i.summary(distance ? "Find which pairs of words differ in an odd number of bits."
                           : "Find which words have an odd number of set bits.");
        i.let({"parity", "odd"}, i.either({"$0 & 1", "$0 % 2"}), {count}, type, {0, 1});
        break;
      case 1: {
        if (!orders) break;
        i.called({"order_by_bits", "rank_by_weight", "sort_by_popcount"});
        i.summary(distance ? "Order pairs of words by how many bits they differ in."
                           : "Order words by how many bits are set.");
        i.let({"order", "by_weight"}, "jnp.argsort($0, stable=True)", {count},
              Type{i.integer(), shape}, {0, static_cast<double>(shape[0])});
        break;
      }
      case 2:
        if (!compares) break;
        i.called({"bit_similarity", "code_similarity", "simple_matching"});
        i.summary("Give the share of bits in which two words agree.");
        i.let({"similarity", "agreement"}, "1.0 - $0.astype(jnp.float32) / 32.0", {count}, shape,
              {0, 1});
        break;
      default:
        break;
    }
  });
}

// Words read backwards: by swaps of ever larger parts, by a loop over the bits, for the indices of
// a transform or a low-discrepancy sequence.
Op bit_reversal() {
  return idiom("bit_reversal", kMath, 1.0, kZero, [](Idiom& i) {
    const auto task = i.between(0, 2);
    if (task == 0) {
      const Shape shape = drawn_shape(i, 0, 2);
      const bool bytes = i.chance(0.4);
      const Type type{bytes ? DType::kU8 : DType::kU32, shape};
      const Interval range = bytes ? Interval{0, 255} : kWord;
      i.called({"reverse_bits", "bit_reverse", "mirror_bits"});
      i.summary(bytes ? "Reverse the order of the bits of every byte."
                      : "Reverse the order of the bits of every 32-bit word.");
      ValueId x = i.input({"words", "codes", "x"}, type, range);
      const char* masks[2][4] = {{"0x55555555", "0x33333333", "0x0F0F0F0F", "0x00FF00FF"},
                                 {"0x55", "0x33", "0x0F", ""}};
      const int swaps = bytes ? 3 : 5;
      const bool down = i.chance(0.3);
      for (int k = 0; k < swaps; ++k) {
        const int s = 1 << (down ? swaps - 1 - k : k);
        const std::size_t m = s == 1 ? 0 : s == 2 ? 1 : s == 4 ? 2 : 3;
        x = s == 16 || (bytes && s == 4)
                ? i.let({"swapped", "reversed_bits", "turned"},
                        fmt::format("($0 << {0}) | ($0 >> {0})", s), {x}, type, range)
                : i.let({"swapped", "traded", "crossed", "exchanged"},
                        fmt::format("(($0 & {0}) << {1}) | (($0 >> {1}) & {0})",
                                    masks[bytes ? 1 : 0][m], s),
                        {x}, type, range);
      }
      return;
    }
    const std::int64_t bits = i.between(2, task == 1 ? 4 : 6), count = std::int64_t{1} << bits;
    const auto reversed_of = [&](ValueId start, const Shape& shape) {
      const Type type{i.integer(), shape};
      const Interval range{0, static_cast<double>(count - 1)};
      const ValueId zero =
          i.let({"backwards", "result"}, "jnp.zeros_like($0)", {start}, type, range);
      return i.fori(0, bits, {"move_bit", "push_bit"},
                    {{{"rest", "n"}, start, range, {}},
                     {{"result", "backwards"}, zero, range, {"mirrored", "backwards"}}},
                    [&](const Ids& p) {
                      const ValueId next =
                          i.let({"pushed"}, i.either({"2 * $0 + $1 % 2", "($0 << 1) | ($1 & 1)"}),
                                {p[2], p[1]}, type, range);
                      return Ids{
                          i.let({"rest"}, i.either({"$0 >> 1", "$0 // 2"}), {p[1]}, type, range),
                          next};
                    })[1];
    };
    if (task == 1) {
      i.called({"bit_reverse_permute", "fft_order", "decimate"});
      i.summary("Permute a sequence by the reversed bits of its indices.");
      const ValueId x = i.input({"signal", "samples", "values"},
                                i.chance(0.5) ? Shape{count} : Shape{count, i.size()}, {-3, 3});
      const ValueId index =
          i.let({"index", "indices"}, i.either({"jnp.arange($0.shape[0])", "jnp.arange(len($0))"}),
                {x}, Type{i.integer(), {count}}, {0, static_cast<double>(count - 1)});
      const ValueId order = reversed_of(index, {count});
      i.let({"permuted", "reordered"}, i.either({"$0[$1]", "jnp.take($0, $1, axis=0)"}), {x, order},
            i.shape(x), {-3, 3});
      return;
    }
    const Shape shape = number_or_row(i, 3);
    i.called({"van_der_corput", "radical_inverse", "low_discrepancy"});
    i.summary("Radical inverse of an index in base two, shifted around the circle.");
    const ValueId index = i.input({"indices", "index"}, Type{i.integer(), shape},
                                  {0, static_cast<double>(count - 1)});
    const ValueId mirrored = reversed_of(index, shape);
    const ValueId shift = i.input({"shift", "offset"}, Shape{}, {0, 1});
    i.let(
        {"points", "sequence"},
        fmt::format(fmt::runtime(i.either({"($0 / {} + $1) % 1.0", "jnp.mod($0 / {} + $1, 1.0)"})),
                    fmt::format("{}.0", count)),
        {mirrored, shift}, shape, {0, 1});
  });
}

}  // namespace

std::vector<Op> integer_idioms() {
  return {hash_mix(),       morton_code(),   gray_code(), pack_nibbles(), bit_fields(),
          saturating_add(), random_stream(), bit_count(), bit_reversal()};
}

}  // namespace jaxsmith::plan
