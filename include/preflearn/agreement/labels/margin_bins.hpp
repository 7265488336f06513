/// \file
/// Agreement against confidence: pairs are put into bins of equal counts by |margin|, and each bin shows how often the
/// decision is right. Equal margins always share a bin, so that the order of the pairs changes nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <preflearn/agreement/labels/accuracy.hpp>
#include <preflearn/core/numbers/log_space.hpp>
#include <preflearn/core/preference.hpp>
#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The pairs whose |margin| lies in [low, high] (the smallest and the largest found).
struct margin_bin {
    double low = undefined, high = undefined, mean = undefined;
    outcomes counts{};
    estimate accuracy{};
};

/// A pair's margin, of any sign, and whether the decision was right (+1), wrong (-1) or a tie (0).
struct judged_margin {
    double margin = 0;
    int outcome = 0;
};

/// At most `bins` bins of nearly equal counts, by rising |margin|; fewer when margins repeat.
/// \throws argument_error for no bins, numeric_error naming the index of a NaN.
inline std::vector<margin_bin> accuracy_by_margin(std::span<const judged_margin> pairs, std::size_t bins,
                                                  tie_rule ties = tie_rule::half, double confidence = 0.95) {
    require(bins > 0, "accuracy against margin needs at least one bin");
    std::vector<std::pair<double, int>> sorted(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        require<numeric_error>(!std::isnan(pairs[i].margin), "margin ", i, " is NaN");
        sorted[i] = {std::abs(pairs[i].margin), pairs[i].outcome};
    }
    std::ranges::sort(sorted);
    std::vector<margin_bin> all;
    for (std::size_t b = 0, begin = 0; b < bins && begin < sorted.size(); ++b) {
        std::size_t end = std::max(begin, (b + 1) * sorted.size() / bins);
        if (end == begin) continue;
        while (end < sorted.size() && sorted[end].first == sorted[end - 1].first) ++end;
        margin_bin bin{.low = sorted[begin].first, .high = sorted[end - 1].first};
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) {
            sum += sorted[i].first;
            bin.counts.add(sorted[i].second);
        }
        bin.mean = sum / static_cast<double>(end - begin);
        bin.accuracy = win_share(bin.counts, ties, confidence);
        all.push_back(bin);
        begin = end;
    }
    return all;
}

/// The labels that `truth` judges: those of pairs that both label, without abstentions. A label without a margin has
/// the log-odds of its probability.
inline std::vector<judged_margin> judged_margins(const label_set& labels, const label_set& truth) {
    std::vector<judged_margin> pairs;
    for (const label& given : labels) {
        const std::optional<preference> known = truth.find(given.id);
        if (!known || given.verdict.abstained() || known->abstained()) continue;
        outcomes one;
        detail::count_agreement(one, detail::direction(given.verdict), detail::direction(*known));
        pairs.push_back({given.verdict.margin().value_or(logit(given.verdict.half_win())), one.wins > 0     ? 1
                                                                                           : one.losses > 0 ? -1
                                                                                                            : 0});
    }
    return pairs;
}

/// The labels' agreement with `truth` against the labels' |margin|, see `judged_margins`.
inline std::vector<margin_bin> accuracy_by_margin(const label_set& labels, const label_set& truth, std::size_t bins,
                                                  tie_rule ties = tie_rule::half, double confidence = 0.95) {
    return accuracy_by_margin(judged_margins(labels, truth), bins, ties, confidence);
}

} // namespace preflearn
