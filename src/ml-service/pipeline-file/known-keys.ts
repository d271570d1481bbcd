import type { Findings } from './findings.ts'
import { didYouMean } from './suggest.ts'
import { atKey, type MappingTree } from './yaml-tree.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/))

/** Keys of the Azure ML CLI v2 schemas, by kind of mapping. */
export const KNOWN = {
  pipeline: words(
    '$schema type name version display_name description tags properties experiment_name inputs outputs jobs compute settings component identity services queue_settings notification_setting is_deterministic',
  ),
  command: words(
    '$schema type name version display_name description tags properties inputs outputs command code environment environment_variables distribution resources limits is_deterministic additional_includes identity successful_return_code experiment_name compute services queue_settings intellectual_property',
  ),
  step: words(
    '$schema type name version component command code environment environment_variables inputs outputs compute resources limits distribution services identity queue_settings display_name description tags properties experiment_name settings jobs is_deterministic additional_includes comment',
  ),
  settings: words(
    'default_compute default_datastore continue_on_step_failure continue_run_on_failed_optional_input force_rerun on_init on_finalize default_compute_target',
  ),
  input: words(
    'type path mode description default optional enum min max value path_on_compute version name datastore',
  ),
  output: words(
    'type path mode description name version optional is_control early_available path_on_compute intellectual_property',
  ),
  limits: words('timeout'),
  sweepLimits: words('max_total_trials max_concurrent_trials timeout trial_timeout'),
  sweep: words(
    '$schema type name version trial search_space sampling_algorithm objective limits early_termination inputs outputs compute resources services identity queue_settings display_name description tags properties experiment_name comment environment_variables job_tier priority',
  ),
  task: words('type code entry_script program_arguments environment append_row_to model'),
  retrySettings: words('max_retries timeout'),
  sparkEntry: words('file class_name spark_job_entry_type reference entry'),
  sampling: words('type seed rule logbase'),
  objective: words('goal primary_metric'),
  earlyTermination: words(
    'type evaluation_interval delay_evaluation slack_factor slack_amount truncation_percentage',
  ),
  resources: words(
    'instance_count instance_type properties shm_size docker_args locations max_instance_count runtime_version',
  ),
  environment: words(
    '$schema type name version image conda_file build description tags properties os_type inference_config latest_version',
  ),
  distribution: words(
    'type process_count_per_instance worker_count parameter_server_count process_count port address include_dashboard head_node_additional_args worker_node_additional_args',
  ),
} as const

/** Keys of steps and components that run on Azure ML only; types that aren't here have any. */
export const KNOWN_FOREIGN: Record<string, ReadonlySet<string>> = {
  automl: foreignWords(
    'task log_verbosity primary_metric target_column_name training_data validation_data test_data validation_data_size test_data_size n_cross_validations cv_split_column_names weight_column_name featurization forecasting training training_parameters search_space sweep dataset_language',
  ),
  spark: foreignWords('entry py_files jars files archives conf args'),
  parallel: foreignWords(
    'task input_data mini_batch_size partition_keys mini_batch_error_threshold error_threshold max_concurrency_per_instance retry_settings logging_level program_arguments',
  ),
}

function foreignWords(text: string): ReadonlySet<string> {
  return new Set([...KNOWN.step, ...words(text)])
}

/** Azure ML tolerates unknown keys, so they are warnings. */
export function warnUnknownKeys(mapping: MappingTree, known: ReadonlySet<string>, findings: Findings): void {
  for (const [name, value] of mapping.entries) {
    if (known.has(name)) continue
    findings.warning(atKey(value), 'unknown-key', `unknown key '${name}'`, didYouMean(name, known))
  }
}
