// SPDX-License-Identifier: MIT
#include "folders.hpp"

namespace preflearn {

template model_identity identify_model(const std::filesystem::path&);
template opened_teacher open_teacher(const std::filesystem::path&, const open_options&);
template void write_teacher(const any_backend<float>&, const teach_options&, const teach_data&, taught&,
                            const std::function<void(const std::filesystem::path&)>&);

template void check_student(const student_origin&, const std::filesystem::path&, const student_form&);
template void save_student(const any_transformer<float>&, const student_origin&, const std::filesystem::path&,
                           student_card, const student_form&);
template bool student_made_before(const std::filesystem::path&, const std::string&);
template void write_student(const any_transformer<float>&, const align_options&, const output_run&,
                            const student_report&, const align_data&, const std::string&);
template labelled_file write_study_labels(const study_labels&, const std::string&, output_run,
                                          const std::filesystem::path&);
namespace detail {

template std::optional<taught> teacher_made_before(const std::filesystem::path&, const teacher_description&);
template teacher_description described(const any_backend<float>&, const teach_options&, const chosen_chat_format&,
                                       nlohmann::ordered_json);
template void put_weights(teacher_description&, const std::filesystem::path&, const text_model*, const text_model*);

} // namespace detail

} // namespace preflearn
