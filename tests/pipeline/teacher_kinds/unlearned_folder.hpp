#pragma once

#include <filesystem>
#include <string>

#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/report/run/write.hpp>

#include "../../files.hpp"
#include "../tiny_models.hpp"

namespace test {

/// A folder of a teacher whose head was not learned, and its files.
struct unlearned_folder {
    folder files;
    preflearn::teacher_description told;

    explicit unlearned_folder(const std::string& kind) {
        write_tiny_model(files / "model");
        std::filesystem::create_directory(files / "t");
        told = {.kind = kind,
                .base =
                    preflearn::outside_model{(files / "model").string(), preflearn::identify_model(files / "model")},
                .policy = preflearn::teacher_weights{},
                .end_token = true};
    }
    [[nodiscard]] preflearn::opened_teacher opened() const {
        preflearn::write_json(to_json(told), files / "t/teacher.json");
        return preflearn::open_teacher(files / "t");
    }
};

} // namespace test
