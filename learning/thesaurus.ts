/**
 * What developers call the same thing. `|` parts the groups: the words of a group are nearly interchangeable in the title of a task, `_`
 * joins the words of a phrase, and a word may stand in several groups. Written down from general knowledge of the trade, field by field, so
 * that it serves anybody's tasks; a word taken from the questions in bench/retrieval would only make the figures there look better.
 *
 * A group is named by its first two words in the index: patterns that were learned before a group was changed are found by it where those
 * words stayed.
 */
const text = `
add create introduce insert append include new make | implement build develop write code program
generate produce emit scaffold bootstrap template boilerplate skeleton stub | delete remove drop erase discard eliminate get_rid
purge prune clean cleanup clear wipe flush sweep garbage_collect gc | update change modify edit alter adjust amend revise
upgrade bump migrate_to newer modernize modernise refresh | fix repair correct resolve address bugfix hotfix patch mend
bug defect issue problem fault flaw glitch regression | break broken fail failing failure crash
refactor restructure reorganize reorganise rework rewrite clean_up tidy simplify | rename relabel retitle
move relocate transfer shift migrate | copy duplicate clone replicate mirror | replace swap substitute exchange supersede
extract pull_out factor_out split_out separate decouple isolate | split divide break_up break_down partition chunk segment
merge combine join consolidate unify unite | convert transform translate_to map turn_into cast
show display render present draw visualize visualise view | hide conceal collapse suppress mask
expose publish_api make_available surface reveal provide offer | enable activate turn_on switch_on allow permit let
disable deactivate turn_off switch_off forbid disallow deny block | start launch run begin boot execute invoke trigger kick_off
stop halt terminate shut_down shutdown kill end quit exit | abort cancel interrupt give_up bail | pause suspend hold freeze
resume continue restart proceed reopen | wait delay defer postpone sleep until | retry reattempt backoff try_again repeat
undo revert roll_back rollback restore reset | check verify validate validation confirm ensure assert sanity
require enforce demand must mandatory | accept approve approval sign_off acknowledge | reject refuse decline deny
review inspect audit examine look_at walk_through go_through | compare diff difference delta contrast
investigate analyze analyse analysis explore research study diagnose | debug troubleshoot trace diagnose
measure benchmark profile time gauge quantify | monitor watch observe track observability monitoring
find search lookup look_up locate query discover | filter narrow facet where | sort order rank arrange ordering
group cluster categorize categorise bucket classify | tag label annotate mark | list enumerate listing index overview
count number_of tally amount how_many | sum total aggregate aggregation rollup roll_up
calculate compute work_out determine derive | detect recognize recognise identify spot notice
parse read_in parser lexer tokenizer tokeniser tokenize lex | serialize serialise marshal encode encoding dump
deserialize deserialise unmarshal decode decoding | import load ingest ingestion read_in | export save_as download output_to
save persist store keep write_to persistence | fetch get retrieve obtain pull_from acquire
send post submit push_to transmit dispatch deliver | receive accept_incoming consume consumer
connect link wire hook_up attach bind integrate plug | integration integrate connector adapter bridge interface_with
disconnect detach unlink unbind | register enroll enrol subscribe sign_up signup registration | unregister unsubscribe deregister
open reopen launch | close shut finish | finish complete finalize finalise conclude wrap_up done
plan schedule roadmap planning scope | prioritize prioritise priority urgency importance urgent severity
estimate forecast predict prediction projection | decide choose select pick decision determine
design architecture architect blueprint sketch mockup wireframe | document describe documentation docs doc write_up explain
readme getting_started quickstart quick_start | manual guide handbook tutorial howto how_to walkthrough
comment comments docstring annotation jsdoc | changelog release_notes history whats_new
specification spec requirement requirements prd | proposal rfc adr design_doc | example sample demo demonstration showcase
test tests testing unittest spec_file | unit_test unit_tests unittest unittests
integration_test e2e end_to_end system_test acceptance_test functional_test | qa quality_assurance manual_test test_plan
coverage covered test_coverage | fixture fixtures test_data seed seeding sample_data | mock stub fake dummy double shim spy
snapshot golden baseline | regression_test smoke_test sanity_check | load_test stress_test performance_test soak
pytest jest vitest mocha junit rspec testing_framework | playwright cypress selenium puppeteer browser_test
assertion assert expect expectation | flaky unstable intermittent nondeterministic | fuzz property_based fuzzing
ci continuous_integration pipeline build_pipeline github_actions gitlab_ci jenkins workflow
cd continuous_delivery continuous_deployment deploy | deploy deployment rollout roll_out ship release_to go_live
release publish ship launch version | version versioning revision semver release_number | milestone phase stage sprint iteration
build compile compilation make transpile | bundle bundler bundling webpack vite rollup esbuild package
package library module dependency crate gem | dependency dependencies third_party requirement
vendor vendoring submodule subtree embed_dependency | install setup set_up installation provision
uninstall deinstall remove_package | npm yarn pnpm node_modules package_json | pip poetry pyproject pypi requirements_txt
cargo crate crates | maven gradle jar | lint linter eslint static_analysis code_style
format formatter prettier formatting black gofmt | typecheck type_check types typing typings type_safety typescript_types
typescript ts tsx | javascript js ecmascript | python py | golang go_lang | rust rs | ruby rails | csharp dotnet net_core
cpp c++ | java jvm kotlin | swift ios_swift xcode | repository repo codebase git_repo | branch branches git_branch
commit commits check_in | pull_request pr merge_request mr pull_requests prs | code_review reviewer pr_review
conflict merge_conflict clash collision | worktree working_tree checkout working_copy
git github gitlab bitbucket vcs version_control | monorepo workspace workspaces multi_package
license licence licensing copyright | codeowners owner ownership maintainer
config configuration settings setting preferences options configure | environment env environment_variable env_var dotenv
development dev local | staging preprod stage test_environment | production prod live
flag option switch argument parameter arg param | feature_flag feature_toggle toggle experiment ab_test
default fallback standard_value preset | cli command_line terminal console shell_command | command subcommand cmd
shell bash zsh shell_script script | script automation automate automated | stdout standard_output output print
stderr standard_error error_output | exit_code return_code status_code exit_status | prompt ask question input_request
message text string notice wording | interactive wizard guided step_by_step | log logging logs logger log_file
error exception err errors | error_handling handle_errors catch exception_handling graceful_failure
error_message diagnostics helpful_error | warning warn caution | crash panic segfault core_dump
timeout deadline time_limit expire_after | expire expiry expiration ttl | limit cap maximum quota max bound threshold
minimum min at_least lower_bound | rate_limit throttle throttling rate_limiting
metric metrics kpi measure indicator statistic stats | prometheus grafana metrics_endpoint exporter
dashboard overview_page control_panel cockpit | alert alarm alerting pager on_call | notification notify push_message inform
tracing opentelemetry otel span distributed_tracing | telemetry analytics usage_data instrumentation
health healthcheck health_check liveness readiness healthy heartbeat | uptime availability sla reliability high_availability
graceful_shutdown clean_exit drain sigterm | incident outage downtime postmortem | backup snapshot dump archive
restore recovery recover disaster_recovery | database db data_store datastore | postgres postgresql psql pg | mysql mariadb
sqlite local_database embedded_database | mongodb mongo document_database nosql | redis memcached in_memory_cache valkey
schema ddl data_model table_definition | migration migrations schema_change alembic flyway | table relation entity
column field attribute property | row record entry item | index indexes indices database_index
query queries sql select_statement | transaction transactional atomic acid commit_rollback
foreign_key constraint referential_integrity | orm prisma sqlalchemy typeorm hibernate | key primary_key identifier id uuid
unique distinct dedupe deduplicate duplicate_detection | cache caching memoize memoise cached | invalidate invalidation stale bust
queue job_queue message_queue task_queue | broker rabbitmq kafka nats pubsub pub_sub | worker background_job job async_task
event events event_bus domain_event | webhook callback hook | publish subscribe pubsub broadcast emit
stream streaming realtime real_time live_feed live_update | websocket socket socket_io ws sse server_sent_events
cron schedule scheduled scheduler periodic recurring nightly | batch bulk mass in_bulk
parallel concurrent concurrency simultaneous multithreaded | thread threading multithreading
async asynchronous await promise non_blocking | lock mutex locking semaphore | race race_condition data_race thread_safety
deadlock livelock hang stuck freeze | idempotent idempotency exactly_once deduplication
performance speed fast faster speed_up optimize optimise optimization optimisation efficient | latency slow response_time lag
memory ram memory_usage heap | memory_leak leak leaking | cpu processor core | gpu cuda graphics_card
scale scaling scalability autoscale | load_balancer load_balancing haproxy | lazy lazy_load lazy_loading on_demand deferred
paginate pagination paging infinite_scroll pages | virtualize virtual_scroll windowing large_list
container docker dockerfile podman oci image | docker_compose compose compose_file | kubernetes k8s kubectl cluster eks gke
helm chart helm_chart kustomize | terraform infrastructure_as_code iac pulumi infrastructure
ansible provisioning configuration_management | aws amazon ec2 s3 | azure microsoft_cloud | gcp google_cloud
cloud hosting hosted saas | server host machine vm instance | serverless lambda cloud_function edge_function
nginx reverse_proxy proxy caddy ingress gateway | dns domain domain_name hostname | network networking lan | ip address ip_address
url uri link address href | port listen socket_address | http https rest_call | tls ssl certificate cert https letsencrypt
ssh sftp remote_shell | vpn tunnel wireguard | firewall security_group network_policy | cdn edge_cache cloudfront
cors cross_origin same_origin | api endpoint rest interface web_service | route routing router path
handler controller request_handler | middleware interceptor filter_chain | request call http_request
response reply answer payload | graphql gql resolver apollo | grpc protobuf rpc protocol_buffers proto
openapi swagger api_docs api_specification | sdk client_library api_client | client consumer caller | backend server_side service
microservice service microservices | frontend client_side ui web_app | ui user_interface gui interface
ux user_experience usability | page screen view site | component widget element control | button cta clickable
form input_form fields | input text_field entry_field textbox | dropdown select combobox picker
checkbox toggle_button switch radio | modal dialog popup pop_up overlay | tooltip hint popover hover_text
toast snackbar notification_banner banner | badge indicator marker pill chip icon | icon symbol glyph pictogram
menu navigation nav navbar sidebar | tab tabs tabbed | header heading title headline | footer bottom_bar | card tile panel
ticket card issue work_item story | board kanban swimlane | table_view grid datagrid spreadsheet_view
chart graph plot diagram visualization visualisation | map geo geographic location | image picture photo img
video clip recording | audio sound voice | animation transition animate motion | color colour palette
theme theming dark_mode light_mode skin | style css stylesheet styling tailwind sass
layout grid_layout alignment spacing positioning | position coordinate coordinates placement offset location
rotate rotation turn orientation | crop trim cut clip truncate shorten | resize scale zoom
responsive mobile_friendly breakpoint small_screen | mobile phone smartphone app | ios iphone ipad apple_app | android play_store
desktop electron tauri desktop_app | browser chrome firefox safari | extension plugin addon add_on plug_in
vscode vs_code visual_studio_code editor_extension | ide editor text_editor | keyboard shortcut hotkey keybinding
mouse click pointer cursor | drag drop drag_and_drop draggable reorder | scroll scrolling scrollbar
loading spinner skeleton_screen progress_indicator | progress progress_bar percentage | empty_state no_results placeholder
accessibility a11y wcag aria screen_reader
i18n internationalization internationalisation localization localisation l10n translation translate locale language
timezone time_zone utc | date time timestamp datetime clock | calendar appointment event_date | react jsx hooks nextjs
vue nuxt pinia | angular rxjs | svelte sveltekit | state store redux state_management | html markup dom
pdf document_file pdf_file | markdown md mdx | json yaml toml | xml xsd soap | csv spreadsheet excel xlsx
simulation simulate simulator sim simulated | hardware device board embedded physical | raspberry_pi arduino microcontroller
sensor probe measurement_device | firmware embedded_software flash | robot robotics actuator
authentication auth login sign_in signin log_in logon authenticate | logout sign_out signout log_out
authorization authorisation permission permissions access_control rbac acl role roles | sso single_sign_on saml oidc
oauth oauth2 openid | session cookie sessions | token jwt bearer api_key access_token | password passphrase credential credentials
secret secrets vault sensitive | encrypt encryption cipher crypto cryptography decrypt | hash digest checksum
sign signature signing signed | security secure hardening vulnerability | vulnerability cve exploit security_hole
injection xss sqli prompt_injection bypass | sanitize sanitise escape escaping | privacy gdpr data_protection pii personal_data
compliance regulation policy governance | audit audit_log audit_trail | user account member profile
admin administrator superuser | customer client_account buyer | team organization organisation tenant group_of_users
tenant multi_tenant multitenancy | onboarding welcome first_run introduction | invite invitation ask_to_join
feedback comments suggestions | survey questionnaire poll | email mail e_mail smtp | sms text_message whatsapp
chat conversation messaging dialogue thread turn | slack discord teams_channel | community forum users_group
social_media twitter post linkedin | marketing promotion campaign | blog article post | seo search_engine meta_tags sitemap
landing_page homepage home_page website | pricing price cost fee | payment pay checkout billing | invoice bill receipt
subscription recurring_plan plan_tier | cart basket shopping_cart | order purchase orders | product item article_number sku
inventory stock warehouse | shipping delivery shipment | supplier vendor | tax vat gst | currency exchange_rate money
contract agreement | bank account_balance ledger accounting | report reporting summary
summary summarize summarise digest tldr abstract | template layout_file blueprint_file | file files document
folder directory dir path | filename file_name path_name | glob pattern wildcard | regex regular_expression regexp pattern
match matches matching hit | upload attachment file_upload | download save_locally | storage object_storage bucket blob minio
disk filesystem file_system volume | symlink link_file hard_link | permission_bits chmod file_mode
archive zip tar compress compression gzip | sync synchronize synchronise synchronization replication
offline without_network no_network disconnected air_gapped | online connected network_available | remote upstream origin
local on_device on_premises self_hosted | proxy_object wrapper facade decorator adapter
interface contract trait protocol abstraction | abstract abstraction generic | class type struct object
model entity data_class domain_model struct | function method routine procedure func
helper utility util helper_function convenience | variable constant const value | enum enumeration choices
array list collection sequence | several multiple many list_of plural | single one individual only_one
empty missing absent null none nil nothing zero | exist existence exists present_already presence | optional nullable undefined
duplicate repeated double | boolean true_false | string text | number integer numeric | float decimal double_precision
loop iterate iteration for_each | recursion recursive tree_walk | algorithm heuristic method_of
data_structure tree heap linked_list | graph node edge dag | dependency_graph topological | sequence order_of precedence
edge_case corner_case boundary | input_validation sanitize_input schema_validation | json_schema schema validation_schema
contract_test schema_test | backward_compatible backwards_compatibility breaking_change compat compatibility
deprecate deprecated deprecation obsolete legacy sunset | legacy old existing outdated | duplicate_code copy_paste dry
dead_code unused unreachable | technical_debt cleanup tech_debt | shared common reusable central single_source
registry registration_list index_of | namespace scope space | inline embedded inlined | constant hardcoded magic_number
dependency_injection di ioc inversion_of_control | singleton global_state | plugin_system extensibility extension_point
pipeline stage steps flow | workflow process orchestration orchestrate | orchestrator coordinator scheduler manager
agent assistant bot copilot | llm language_model gpt claude ai_model | ai artificial_intelligence machine_learning ml
prompt system_prompt instruction prompting | rag retrieval retrieval_augmented | embedding vector embeddings semantic_search
vector_database qdrant pinecone pgvector | search_engine elasticsearch opensearch solr lucene full_text
mcp tool_server model_context_protocol | tool function_call tool_use tools | train training fine_tune finetune
inference prediction serving | dataset data training_data corpus | evaluation eval score grading
classifier classification categorization | neural_network deep_learning pytorch tensorflow | notebook jupyter ipynb
etl data_pipeline ingestion warehouse_load | scraper crawler scrape crawl collect harvest spider
collect gather capture accumulate | data_quality cleansing dirty_data | dataframe pandas polars
feature functionality enhancement | improve enhance enhancement better polish | support handle deal_with cope
workaround hack temporary_fix | cleanup_task chore housekeeping maintenance | hotfix emergency urgent_fix
ready readiness prepared | status state condition stage | history log_of previous_versions past | trend over_time
role persona responsibility | checklist todo task_list | task ticket todo work_item | deadline due_date
meeting call sync_meeting | stakeholder sponsor client_side_person | paragraph content copy text | placeholder dummy_text lorem
`;

/** Each group's words or phrases, written small. */
export const thesaurus: readonly (readonly string[])[] = text
  .split(/[|\n]/)
  .map((group) => group.split(" ").filter((word) => word !== ""))
  .filter((group) => group.length > 1);
