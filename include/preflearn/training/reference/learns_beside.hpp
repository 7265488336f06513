/// \file
/// A model that learns beside its frozen reference: what it gives for training, with the divergence of both models'
/// next token at every token in its passes (TDPO).
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <preflearn/core/column.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/training/loop/fingerprint.hpp>
#include <preflearn/training/loop/run_description.hpp>

namespace preflearn {

/// A TokenTrainable that views a model which `KnowsDivergence` and a reference of the same kind; both must outlive it.
/// `train_token_preferences(beside, …)` with `learns_beside beside{model, reference}` trains the model.
template <class Model> struct learns_beside {
    using real = typename Model::real;
    using pass = typename Model::pass;

    Model& model;
    const Model& reference;
    /// The divergences of passes are instead those of the logits extrapolated by this λ (see SPA), where the model
    /// knows them; through these no derivatives flow.
    std::optional<double> extrapolation{};

    template <class Batch> [[nodiscard]] pass forward(const Batch& batch) const {
        return std::as_const(model).forward(batch);
    }
    template <class Batch> [[nodiscard]] pass forward_with_divergence(const Batch& batch) const {
        if constexpr (requires { std::as_const(model).forward_with_divergence(batch, reference, extrapolation); })
            return std::as_const(model).forward_with_divergence(batch, reference, extrapolation);
        require(!extrapolation, "the model extrapolates no logits");
        return std::as_const(model).forward_with_divergence(batch, reference);
    }
    void backward(pass&& done, std::span<const real> derivatives) { model.backward(std::move(done), derivatives); }
    void backward_tokens(pass&& done, std::span<const real> derivatives,
                         std::span<const real> divergence_derivatives = {}) {
        model.backward_tokens(std::move(done), derivatives, divergence_derivatives);
    }
    [[nodiscard]] auto parameters() { return as_column(model.parameters()); }
    [[nodiscard]] auto gradients() { return as_column(model.gradients()); }
    void begin_step(std::uint64_t key) {
        if constexpr (requires { model.begin_step(key); }) model.begin_step(key);
    }
    void end_step() {
        if constexpr (requires { model.end_step(); }) model.end_step();
    }

    /// The reference is part of what a run is.
    void describe(run_description& run) const {
        describe_model(model, run);
        if constexpr (requires { as_column(reference.parameters()); })
            run.add("parameters of the reference", fingerprint_of(as_column(reference.parameters())));
        run_description other;
        describe_model(reference, other);
        for (const auto& [name, value] : other.fields()) run.add(name + " of the reference", value);
        if (extrapolation) run.add("extrapolation", message(*extrapolation));
    }
};

template <class Model> learns_beside(Model&, const Model&) -> learns_beside<Model>;

} // namespace preflearn
