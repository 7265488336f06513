/// \file
/// The weights of a decoder that are not trained: matrices stay as they are stored (quantised or half numbers of a
/// mapped file, or memory), vectors and learned positions, which are small, become plain numbers. Nobody changes them,
/// so copies of a model share them.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <preflearn/core/matrix_view.hpp>
#include <preflearn/core/numbers/random.hpp>
#include <preflearn/core/stored/stored_matrix.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>
#include <preflearn/policy/decoder/layout.hpp>

namespace preflearn {

/// By the tensor's number in `decoder_layout::tensors()`; matrices are outputs × inputs, vectors have one row.
using frozen_tensors = std::map<std::size_t, stored_matrix>;

/// Frozen tensors where the device `Backend` reads them, and the places of the others among the trained numbers.
template <class T, class Backend> class frozen_weights {
  public:
    /// At least one. \throws argument_error for a tensor that the layout does not have or has in another shape.
    frozen_weights(const decoder_layout& layout, frozen_tensors tensors) : tensors_(std::move(tensors)) {
        const std::vector<tensor_place>& all = layout.tensors();
        require(tensors_.rbegin()->first < all.size(), "tensor ", tensors_.rbegin()->first,
                " is to be frozen, but the model has ", all.size());
        std::vector<T> vectors;
        std::vector<stored_matrix> together; // make one matrix and are not held yet
        for (std::size_t t = 0; t < all.size(); ++t) {
            const tensor_place& block = all[t];
            const auto found = tensors_.find(t);
            if (found == tensors_.end()) {
                places_.push_back({block.offset, kind::trained, trained_size_});
                trained_size_ += block.size();
                first_trained_layer_ = std::min(first_trained_layer_, level_of(all[t]));
                continue;
            }
            const stored_matrix& given = found->second;
            require(given.rows == block.rows && given.columns == block.columns, "the frozen tensor ", t, ": ",
                    block.rows, " x ", block.columns, " was expected, found ", given.rows, " x ", given.columns);
            given.check();
            if (all[t].is_vector() || all[t].entry.role == tensor_role::positions) {
                places_.push_back({block.offset, kind::plain, vectors.size()});
                vectors.resize(vectors.size() + block.size());
                read_rows(given, 0, matrix_view<T>(&vectors[places_.back().at], block.rows, block.columns));
            } else {
                if (t == 0 || !stands_below(all[t - 1], all[t])) hold(together);
                places_.push_back({block.offset, kind::matrix, matrices_.size() + together.size()});
                together.push_back(given);
            }
        }
        hold(together);
        plain_ = typename Backend::template array<T>(1, vectors.size());
        Backend::upload(std::span<const T>(vectors), plain_.view());
    }

    [[nodiscard]] std::size_t trained_size() const { return trained_size_; }
    [[nodiscard]] const stored_matrix& tensor(std::size_t number) const { return tensors_.at(number); }
    /// The lowest layer with trained numbers, 0 where something below the layers is trained; more than there are
    /// layers: none.
    [[nodiscard]] std::size_t first_trained_layer() const { return first_trained_layer_; }
    /// Where a part of the layout starts among the trained numbers. \throws argument_error for a part of which some is
    /// frozen and some is not.
    [[nodiscard]] std::optional<std::size_t> trained_offset(const weight_block& part) const {
        const std::span<const place> found = places_of(part);
        if (found.front().what != kind::trained) return std::nullopt;
        return found.front().at + (part.offset - found.front().offset);
    }
    /// Of a frozen part: the matrices that stand one below the other.
    [[nodiscard]] std::span<const typename Backend::stored> matrices(const weight_block& part) const {
        const std::span<const place> found = places_of(part);
        return std::span(matrices_).subspan(found.front().at, found.size());
    }
    /// Of a frozen vector, or the learned positions: its numbers.
    [[nodiscard]] typename Backend::template view<const T> values(const weight_block& part) const {
        const place& first = places_of(part).front();
        return plain_.view().part(first.at + (part.offset - first.offset), part.rows, part.columns);
    }
    /// A text that other numbers, types, shapes or places do not have; not against adversaries. Reads every byte.
    [[nodiscard]] std::string identity() const {
        std::vector<std::uint64_t> hashes;
        std::vector<const stored_matrix*> all;
        for (const auto& [number, tensor] : tensors_) {
            hashes.push_back(hash_of(message(number, " ", name_of(tensor.type), " ", tensor.rows, " x ", tensor.columns,
                                             " ", tensor.interleaved)));
            all.push_back(&tensor);
        }
        parallel_for(all.size(), [&](std::size_t i) {
            hashes[i] = hash_of({reinterpret_cast<const char*>(all[i]->bytes.data()), all[i]->bytes.size()}, hashes[i]);
        });
        std::uint64_t sum = 0;
        for (const std::uint64_t hash : hashes) sum = hash_of(message(sum, " ", hash));
        return message(all.size(), " tensors, hash ", sum);
    }

  private:
    enum class kind : std::uint8_t { trained, plain, matrix };
    struct place {
        std::size_t offset; ///< in the layout
        kind what;
        std::size_t at; ///< among the trained numbers, the plain ones or the matrices
    };

    /// Whether two neighbours in the layout are parts of one matrix.
    static bool stands_below(const tensor_place& above, const tensor_place& tensor) {
        using role = tensor_role;
        const role first = above.entry.role, second = tensor.entry.role;
        return above.layer == tensor.layer && !above.is_vector() &&
               ((first == role::query && second == role::key) || (first == role::key && second == role::value) ||
                (first == role::gate && second == role::up));
    }
    /// Holds matrices that stand one below the other and forgets them.
    void hold(std::vector<stored_matrix>& together) {
        if constexpr (requires { Backend::hold_together(std::span<const stored_matrix>(together)); }) {
            for (auto& held : Backend::hold_together(std::span<const stored_matrix>(together)))
                matrices_.push_back(std::move(held));
        } else {
            for (stored_matrix& matrix : together) matrices_.push_back(Backend::hold(std::move(matrix)));
        }
        together.clear();
    }
    static std::size_t level_of(const tensor_place& tensor) {
        if (before_layers(tensor.entry.role)) return 0;
        return after_layers(tensor.entry.role) ? std::numeric_limits<std::size_t>::max() : tensor.layer;
    }
    /// The tensors of which a part consists.
    [[nodiscard]] std::span<const place> places_of(const weight_block& part) const {
        const auto by_offset = [](std::size_t offset, const place& p) { return offset < p.offset; };
        const auto first = std::upper_bound(places_.begin(), places_.end(), part.offset, by_offset) - 1;
        const auto end = std::upper_bound(first, places_.end(), part.offset + part.size() - 1, by_offset);
        for (auto at = first; at != end; ++at)
            require((at->what == kind::trained) == (first->what == kind::trained),
                    "tensors that make one matrix (query, key and value, gate and up) are frozen or trained together");
        return {first, end};
    }

    frozen_tensors tensors_;
    std::vector<place> places_; ///< of every tensor, in the order of the layout
    std::vector<typename Backend::stored> matrices_;
    typename Backend::template array<T> plain_;
    std::size_t trained_size_ = 0, first_trained_layer_ = std::numeric_limits<std::size_t>::max();
};

} // namespace preflearn
