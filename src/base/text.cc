#include "base/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace jaxsmith {
namespace {

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

// Of the character at the beginning; 0 where there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  // Longer forms of short characters, surrogates, and what lies beyond U+10FFFF.
  if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
      (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = 0;
  for (std::string_view candidate : candidates) {
    // What was begun rightly counts as near, however much is missing.
    const bool prefix = word.size() >= 3 && candidate.substr(0, word.size()) == word;
    const std::size_t d = prefix ? 1 : distance(word, candidate);
    if (best.empty() || d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best_distance <= std::max<std::size_t>(2, word.size() / 3) ? best : std::string_view{};
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? std::string() : "; did you mean '" + std::string(best) + "'?";
}

std::string there_is_no(std::string_view noun, std::string_view name,
                        std::span<const std::string_view> known) {
  constexpr std::size_t kMostListed = 30, kNearest = 5;
  const std::string says =
      fmt::format("there is no {} '{}'{}", noun, in_one_line(name), did_you_mean(name, known));
  if (known.size() <= kMostListed)
    return fmt::format("{} (there {} {})", says, known.size() == 1 ? "is" : "are",
                       fmt::join(known, ", "));
  std::vector<std::pair<std::size_t, std::string_view>> near;
  for (const std::string_view each : known) near.emplace_back(distance(name, each), each);
  std::ranges::stable_sort(near, {}, [](const auto& each) { return each.first; });
  std::string names;
  for (std::size_t i = 0; i < kNearest; ++i) names += (i ? ", " : "") + std::string(near[i].second);
  return fmt::format("{} (the nearest of {}: {})", says, known.size(), names);
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

std::size_t utf8_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
    const std::size_t length = ascii ? 1 : utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::string clean_utf8(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view next = length > 0 ? text.substr(0, length) : "\xEF\xBF\xBD";
    if (out.size() + next.size() > most) break;
    out += next;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text), 1);
    const auto c = static_cast<unsigned char>(text[0]);
    const auto next = static_cast<unsigned char>(text[length - 1]);
    if (c == '\r')
      out += "\\r";
    else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
      out += fmt::format("\\x{:02x}", c);
    else if (c == 0xC2 && length == 2 && next < 0xA0)
      out += fmt::format("\\u{:04x}", next);
    else
      out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out;
}

std::string in_one_line(std::string_view data, std::size_t most) {
  const std::string beginning = data.size() > most ? clean_utf8(data, most) + "…" : "";
  const std::string seen = visible(beginning.empty() ? data : beginning);
  std::string out;
  for (const char c : seen) {
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

std::string shorter_lines(std::string_view text, std::size_t most) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.size() > most) {
      std::size_t rest = line.size() - most / 3;
      while (rest < line.size() && (static_cast<unsigned char>(line[rest]) & 0xC0) == 0x80) ++rest;
      out += clean_utf8(line, most - most / 3);
      out += " … ";
      out += line.substr(rest);
    } else {
      out += line;
    }
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace jaxsmith
