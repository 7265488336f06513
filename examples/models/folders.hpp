// Teachers and students on disk, which several programs read and write, compiled once for all of them (folders.cpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <preflearn/pipeline/student_folder/save_student.hpp>
#include <preflearn/pipeline/teacher_folder/model_identity.hpp>
#include <preflearn/pipeline/teacher_folder/open_teacher.hpp>
#include <preflearn/programs/aligning/student_output.hpp>
#include <preflearn/programs/study/study_labels.hpp>
#include <preflearn/programs/teaching/taught_folder.hpp>

#include "loading.hpp"

namespace preflearn {

extern template model_identity identify_model(const std::filesystem::path&);
extern template opened_teacher open_teacher(const std::filesystem::path&, const open_options&);
extern template void write_teacher(const any_backend<float>&, const teach_options&, const teach_data&, taught&,
                                   const std::function<void(const std::filesystem::path&)>&);

extern template void check_student(const student_origin&, const std::filesystem::path&, const student_form&);
extern template void save_student(const any_transformer<float>&, const student_origin&, const std::filesystem::path&,
                                  student_card, const student_form&);
extern template bool student_made_before(const std::filesystem::path&, const std::string&);
extern template void write_student(const any_transformer<float>&, const align_options&, const output_run&,
                                   const student_report&, const align_data&, const std::string&);
extern template labelled_file write_study_labels(const study_labels&, const std::string&, output_run,
                                                 const std::filesystem::path&);
namespace detail {

extern template std::optional<taught> teacher_made_before(const std::filesystem::path&, const teacher_description&);
extern template teacher_description described(const any_backend<float>&, const teach_options&,
                                              const chosen_chat_format&, nlohmann::ordered_json);
extern template void put_weights(teacher_description&, const std::filesystem::path&, const text_model*,
                                 const text_model*);

} // namespace detail

} // namespace preflearn
