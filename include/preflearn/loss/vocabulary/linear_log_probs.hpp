/// \file
/// Log-probabilities of tokens from hidden states x and a vocabulary matrix W, and the gradients of both, without ever
/// holding more than a tile of the logits z = x Wᵀ. Tiles of the vocabulary run in parallel, each with products of one
/// thread: z, then dz = weight · (onehot − softmax), then dx += dz W and dW += dzᵀ x. When the weights of the log-probs
/// are known beforehand, a panel of rows keeps its logits between the two (three products); else the backward pass
/// computes them again (four). A row's log-probs depend on the row, W and what follows the product alone, the gradients
/// on all rows and their order, neither on the number of threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <vector>

#include <preflearn/core/concepts.hpp>
#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/core/tokens.hpp>
#include <preflearn/loss/vocabulary/log_softmax.hpp>
#include <preflearn/loss/vocabulary/logit_transform.hpp>
#include <preflearn/loss/vocabulary/softmax.hpp>
#include <preflearn/loss/vocabulary/tiles.hpp>

namespace preflearn {

/// What gradients are added to; a matrix without data, or an empty bias, is not wanted (a frozen head).
template <std::floating_point T> struct linear_gradients {
    matrix_view<T> hidden{}; ///< rows × width
    matrix_view<T> head{};   ///< vocabulary × width
    std::span<T> bias{};     ///< vocabulary, of logit_transform::bias
};

/// \throws argument_error when a gradient that is wanted has not the shape of its matrix.
template <std::floating_point T, class Head>
void check_gradients(const linear_gradients<T>& gradients, matrix_view<const T> hidden, const Head& head) {
    const auto same = [](const char* name, matrix_view<T> found, const auto& wanted) {
        require(!found.data || (found.rows == wanted.rows && found.columns == wanted.columns), "the gradient of ", name,
                " is ", found.rows, " x ", found.columns, ", expected ", wanted.rows, " x ", wanted.columns);
    };
    same("hidden", gradients.hidden, hidden);
    same("head", gradients.head, head);
    require(gradients.bias.empty() || gradients.bias.size() == head.rows, "the gradient of bias has ",
            gradients.bias.size(), " entries for a vocabulary of ", head.rows);
}

/// Says why a row of hidden states has no distribution over the vocabulary.
template <std::floating_point T, class Head>
[[noreturn]] void throw_linear_fault(matrix_view<const T> hidden, const Head& head, std::size_t row) {
    for (std::size_t k = 0; k < hidden.columns; ++k)
        require<numeric_error>(std::isfinite(hidden(row, k)), "row ", row, ": feature ", k, " of the hidden state is ",
                               hidden(row, k), ", a finite number was expected");
    std::vector<T> room(head.columns);
    for (std::size_t token = 0; token < head.rows; ++token) {
        const matrix_view<const T> of_token = tokens_of(head, token, 1, matrix_view<T>(room.data(), 1, room.size()));
        for (std::size_t k = 0; k < head.columns; ++k)
            require<numeric_error>(std::isfinite(of_token(0, k)), "row ", row, ": feature ", k, " of token ", token,
                                   " in the head is ", of_token(0, k), ", a finite number was expected");
    }
    throw numeric_error(
        message("row ", row, ": its logits hold NaN or +inf, or are all -inf, which leaves no distribution"));
}

/// Prediction p is of token targets[p] from row sources[p] of the hidden states; several may share a row (the first
/// tokens of responses to one prompt). `Matrices` models Backend<T>. Views, spans and the transform's bias must outlive
/// the object; all members are const and allocate what they need, under 64 MB for a vocabulary of 50,000 tokens.
///
/// `Head` is a matrix_view, or a stored_matrix or another frozen form, whose gradient cannot be wanted.
///
/// Log-probs are one a prediction, the other scores one a row.
template <std::floating_point T, class Matrices, class Head = matrix_view<const T>> class linear_log_probs {
    static_assert(Backend<Matrices, T>, "Matrices is a Backend: it has a name, matrix<T> and multiply");

  public:
    /// `hidden` is rows × width, `head` vocabulary × width. Without sources there is one prediction a row.
    /// `kept_bytes` is room for the logits of a panel of rows (16 at least); small panels make slower products.
    /// \throws argument_error when shapes differ, or a target or a source is out of range.
    linear_log_probs(matrix_view<const T> hidden, const Head& head, std::span<const token_id> targets,
                     std::span<const std::size_t> sources = {}, const logit_transform<T>& transform = {},
                     std::size_t kept_bytes = std::size_t{40} << 20)
        : hidden_(hidden), head_(head), targets_(targets), transform_(transform), kept_bytes_(kept_bytes),
          first_of_row_(hidden.rows + 1), by_row_(targets.size()) {
        require(hidden.columns == head.columns, "hidden states of width ", hidden.columns,
                " do not fit a head of width ", head.columns);
        require(targets.size() == (sources.empty() ? hidden.rows : sources.size()), "found ", targets.size(),
                " targets for ", sources.empty() ? hidden.rows : sources.size(),
                sources.empty() ? " rows" : " sources");
        transform.check(head.rows);
        const auto source = [&](std::size_t p) { return sources.empty() ? p : sources[p]; };
        for (std::size_t p = 0; p < targets.size(); ++p) {
            require(targets[p] >= 0 && static_cast<std::size_t>(targets[p]) < head.rows, "prediction ", p, " (row ",
                    source(p), "): target is ", targets[p], ", expected a token of a vocabulary of ", head.rows);
            require(source(p) < hidden.rows, "prediction ", p, ": source is ", source(p), ", expected one of ",
                    hidden.rows, " rows");
            ++first_of_row_[source(p) + 1];
        }
        for (std::size_t r = 0; r < hidden.rows; ++r) first_of_row_[r + 1] += first_of_row_[r];
        std::vector<std::size_t> next(first_of_row_.begin(), first_of_row_.end() - 1);
        for (std::size_t p = 0; p < targets.size(); ++p) by_row_[next[source(p)]++] = p;
    }

    /// Writes what `scores` asks for. \throws argument_error when a column's length is wrong; numeric_error naming a
    /// row whose logits hold a NaN or +∞, or are all −∞.
    void forward(const vocabulary_scores& scores) const {
        const std::vector<softmax_sums> sums = forward_unchecked(scores);
        for (std::size_t r = 0; r < sums.size(); ++r)
            if (!sums[r].is_sound()) throw_linear_fault(hidden_, head_, r);
    }

    /// The same without a numeric_error: log-probs of such a row are NaN. Returns the sums of every row.
    std::vector<softmax_sums> forward_unchecked(const vocabulary_scores& scores) const {
        check(scores);
        const vocabulary_tiles tiles(hidden_.rows, vocabulary_tiles::rows_at_most, head_.rows);
        const std::size_t groups = tiles.groups();
        std::vector<softmax_sums> parts(groups * hidden_.rows);
        std::vector<double> picked(targets_.size());
        parallel_for(tiles.panels() * groups, [&](std::size_t task) {
            const auto [row, count] = tiles.panel(task / groups);
            matrix room(count, tiles.width), of_head(tokens_room(head_, tiles.width), head_.columns);
            const std::span<softmax_sums> sums = std::span(parts).subspan(task % groups * hidden_.rows + row, count);
            tiles.for_tiles(task % groups, groups,
                            [&, first_row = row, rows = count](std::size_t token, std::size_t n) {
                                const matrix_view<T> z(room.view().data, rows, n);
                                (void)logits(first_row, token, z, of_head.view(), false);
                                take_in(first_row, token, z, scores.moments(), sums, picked);
                            });
        });
        return finished(tiles, groups, 0, hidden_.rows, parts, picked, scores);
    }

    /// Adds the gradients of Σ_p derivatives[p] · log p_p, given the normalisers that a forward wrote: four products
    /// together with it. \throws argument_error when shapes differ; numeric_error naming a derivative that is not
    /// finite.
    void backward(std::span<const double> normalisers, std::span<const double> derivatives,
                  const linear_gradients<T>& gradients) const {
        require(normalisers.size() == hidden_.rows, "normalisers has ", normalisers.size(), " entries for ",
                hidden_.rows, " rows");
        check_gradients(gradients, hidden_, head_);
        check_derivatives(derivatives);
        const vocabulary_tiles tiles(hidden_.rows, vocabulary_tiles::rows_at_most, head_.rows);
        matrix parts = parts_of_d_hidden(tiles, std::size_t{32} << 20);
        for (std::size_t p = 0; p < tiles.panels(); ++p) {
            const auto [row, count] = tiles.panel(p);
            gradients_of_panel(tiles, row, count, normalisers, derivatives, gradients, parts.view(), {});
        }
    }

    /// forward and backward in three products: `derivatives` is known beforehand (a constant weight per token).
    void forward_backward(std::span<const double> derivatives, const vocabulary_scores& scores,
                          const linear_gradients<T>& gradients) const {
        check_derivatives(derivatives);
        in_panels(rows_kept(), scores, gradients, [&] { return derivatives; });
    }

    /// forward and backward when the derivatives follow from the log-probs: `derive()` is called once all scores are
    /// written and returns them as a span. Three products if the logits of all rows fit into `kept_bytes`, else four.
    template <std::invocable Derive>
    void forward_backward(Derive&& derive, const vocabulary_scores& scores,
                          const linear_gradients<T>& gradients) const {
        const auto checked = [&] {
            const std::span<const double> derivatives = derive();
            check_derivatives(derivatives);
            return derivatives;
        };
        if (hidden_.rows <= rows_kept()) return in_panels(hidden_.rows, scores, gradients, checked);
        check_gradients(gradients, hidden_, head_);
        std::vector<double> normalisers(hidden_.rows);
        vocabulary_scores wanted = scores;
        if (wanted.normalisers.empty()) wanted.normalisers = normalisers;
        forward(wanted);
        backward(wanted.normalisers, checked(), gradients);
    }

  private:
    /// Rows whose logits are kept at once.
    [[nodiscard]] std::size_t rows_kept() const {
        return std::max<std::size_t>(kept_bytes_ / sizeof(T) / std::max<std::size_t>(head_.rows, 1) / 16 * 16, 16);
    }

    void check(const vocabulary_scores& scores) const {
        require(scores.log_probs.empty() || scores.log_probs.size() == targets_.size(), "log_probs has ",
                scores.log_probs.size(), " entries for ", targets_.size(), " predictions");
        vocabulary_scores of_rows = scores;
        of_rows.log_probs = {};
        of_rows.check(hidden_.rows);
    }
    void check_derivatives(std::span<const double> derivatives) const {
        require(derivatives.size() == targets_.size(), "found ", derivatives.size(), " derivatives for ",
                targets_.size(), " predictions");
        for (std::size_t p = 0; p < derivatives.size(); ++p)
            require<numeric_error>(std::isfinite(derivatives[p]), "prediction ", p, ": derivative is ", derivatives[p],
                                   ", a finite number was expected");
    }
    /// Returns the tokens' rows of the head where they are `wanted`.
    matrix_view<const T> logits(std::size_t row, std::size_t token, matrix_view<T> z, matrix_view<T> room,
                                bool wanted) const {
        return multiply_by_tokens<Matrices>(hidden_.row_block(row, z.rows), head_, token, z, room, wanted);
    }

    /// Merges a tile into the sums of its rows and picks the logits of targets.
    void take_in(std::size_t row, std::size_t token, matrix_view<T> z, softmax_moments moments,
                 std::span<softmax_sums> sums, std::span<double> picked) const {
        for (std::size_t r = 0; r < z.rows; ++r) {
            sums[r].merge(sums_of_logits(std::span<const T>(z.row(r), z.columns), token, transform_, moments));
            each_target(row + r, token, z.columns, [&](std::size_t p, std::size_t at) {
                picked[p] = static_cast<double>(transform_(z(r, at), token + at));
            });
        }
    }

    /// Merges the sums of each of `count` rows and writes the scores. `parts` has the rows' sums of each group of tiles
    /// or of each tile; both give the same bits.
    std::vector<softmax_sums> finished(const vocabulary_tiles& tiles, std::size_t of_parts, std::size_t row,
                                       std::size_t count, std::span<const softmax_sums> parts,
                                       std::span<const double> picked, const vocabulary_scores& scores) const {
        std::vector<softmax_sums> sums(count);
        const std::size_t groups = tiles.groups();
        for (std::size_t r = 0; r < count; ++r) {
            for (std::size_t group = 0; group < groups; ++group) {
                softmax_sums of_group;
                const bool whole = of_parts == groups;
                const std::size_t end = whole ? group + 1 : tiles.first_tile(group + 1, groups);
                for (std::size_t part = whole ? group : tiles.first_tile(group, groups); part < end; ++part)
                    of_group.merge(parts[part * count + r]);
                sums[r].merge(of_group);
            }
        }
        for (std::size_t r = 0; r < count; ++r) {
            scores.set(row + r, sums[r]);
            if (scores.log_probs.empty()) continue;
            each_target(row + r, 0, head_.rows,
                        [&](std::size_t p, std::size_t) { scores.log_probs[p] = picked[p] - sums[r].normaliser(); });
        }
        return sums;
    }

    /// Room for dx of a panel, in as many parts as there are groups of tiles, in about `bytes`.
    auto parts_of_d_hidden(const vocabulary_tiles& tiles, std::size_t bytes) const {
        const std::size_t groups = tiles.groups(bytes, tiles.height * hidden_.columns * sizeof(T));
        return matrix(groups * tiles.height, hidden_.columns);
    }

    template <class Derive>
    void in_panels(std::size_t most_rows, const vocabulary_scores& scores, const linear_gradients<T>& gradients,
                   const Derive& derive) const {
        check(scores);
        check_gradients(gradients, hidden_, head_);
        const vocabulary_tiles tiles(hidden_.rows, most_rows, head_.rows);
        // Tile after tile, each without gaps.
        matrix kept(std::min(tiles.height, hidden_.rows), head_.rows);
        matrix d_hidden = parts_of_d_hidden(tiles, std::size_t{8} << 20);
        std::vector<softmax_sums> parts(tiles.tiles() * tiles.height);
        std::vector<double> picked(targets_.size()), normalisers(hidden_.rows);
        if (hidden_.rows == 0) derive();
        for (std::size_t p = 0; p < tiles.panels(); ++p) {
            const auto [row, count] = tiles.panel(p);
            const std::span<softmax_sums> of_panel = std::span(parts).first(tiles.tiles() * count);
            std::ranges::fill(of_panel, softmax_sums{});
            parallel_for(tiles.tiles(), [&, first_row = row, rows = count](std::size_t tile) {
                matrix of_head(tokens_room(head_, tiles.width), head_.columns);
                tiles.for_tiles(tile, tiles.tiles(), [&](std::size_t token, std::size_t n) {
                    const matrix_view<T> z(kept.view().data + token * rows, rows, n);
                    (void)logits(first_row, token, z, of_head.view(), false);
                    take_in(first_row, token, z, scores.moments(), of_panel.subspan(tile * rows, rows), picked);
                });
            });
            const std::vector<softmax_sums> sums = finished(tiles, tiles.tiles(), row, count, of_panel, picked, scores);
            for (std::size_t r = 0; r < count; ++r) {
                if (!sums[r].is_sound()) throw_linear_fault(hidden_, head_, row + r);
                normalisers[row + r] = sums[r].normaliser();
            }
            gradients_of_panel(tiles, row, count, normalisers, derive(), gradients, d_hidden.view(), kept.view());
        }
    }

    /// Adds the gradients of the log-probs of `count` rows, whose logits are kept or else computed again. Every group
    /// of tiles sums its own part of dx.
    void gradients_of_panel(const vocabulary_tiles& tiles, std::size_t row, std::size_t count,
                            std::span<const double> normalisers, std::span<const double> derivatives,
                            const linear_gradients<T>& gradients, matrix_view<T> parts, matrix_view<T> kept) const {
        if (!gradients.hidden.data && !gradients.head.data && gradients.bias.empty()) return;
        std::vector<double> totals(count);
        for (std::size_t r = 0; r < count; ++r)
            each_target(row + r, 0, head_.rows, [&](std::size_t p, std::size_t) { totals[r] += derivatives[p]; });
        const std::size_t groups = parts.rows / tiles.height;
        parallel_for(groups, [&](std::size_t group) {
            matrix room(kept.data ? 0 : count, tiles.width), of_head(tokens_room(head_, tiles.width), head_.columns);
            store mode = store::replace;
            tiles.for_tiles(group, groups, [&](std::size_t token, std::size_t n) {
                const matrix_view<T> z(kept.data ? kept.data + token * count : room.view().data, count, n);
                const matrix_view<const T> weights = kept.data ? tokens_of(head_, token, n, of_head.view())
                                                               : logits(row, token, z, of_head.view(), true);
                for (std::size_t r = 0; r < count; ++r) {
                    const auto raise = [&](std::span<T> piece, std::size_t first) {
                        each_target(row + r, first, piece.size(), [&](std::size_t p, std::size_t at) {
                            piece[at] += static_cast<T>(derivatives[p]);
                        });
                    };
                    const std::span<T> x(z.row(r), n);
                    log_softmax_gradient(x, token, transform_, normalisers[row + r], totals[r], raise);
                    if (!gradients.bias.empty())
                        for (std::size_t j = 0; j < n; ++j) gradients.bias[token + j] += x[j];
                }
                const matrix_view<const T> dz(z);
                if (gradients.hidden.data)
                    Matrices::template multiply<T>(transpose::no, dz, transpose::no, weights,
                                                   parts.row_block(group * count, count), mode);
                if (gradients.head.data)
                    Matrices::template multiply<T>(transpose::yes, dz, transpose::no, hidden_.row_block(row, count),
                                                   gradients.head.row_block(token, n), store::add);
                mode = store::add;
            });
        });
        if (gradients.hidden.data)
            add_parts<T>(parts.row_block(0, groups * count), gradients.hidden.row_block(row, count));
    }

    /// Calls use(prediction, offset) for the row's targets among `count` tokens from `first` on.
    template <class Use> void each_target(std::size_t row, std::size_t first, std::size_t count, const Use& use) const {
        for (std::size_t i = first_of_row_[row]; i < first_of_row_[row + 1]; ++i) {
            const auto target = static_cast<std::size_t>(targets_[by_row_[i]]);
            if (target >= first && target - first < count) use(by_row_[i], target - first);
        }
    }

    using matrix = typename Matrices::template matrix<T>;

    matrix_view<const T> hidden_;
    Head head_;
    std::span<const token_id> targets_;
    logit_transform<T> transform_;
    std::size_t kept_bytes_;
    std::vector<std::size_t> first_of_row_;
    std::vector<std::size_t> by_row_;
};

} // namespace preflearn
