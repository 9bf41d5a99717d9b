/* lectern metrics: what a collector of metrics would read. */
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/rpc.h"

#include <lectern/v1/admin.pb-c.h>

static enum exit_status run_metrics(struct cli *cli, const struct args *args)
{
	(void)args;
	Lectern__V1__GetMetricsRequest request = LECTERN__V1__GET_METRICS_REQUEST__INIT;
	const ProtobufCMessage *message;
	enum exit_status status = rpc_call(cli, &lectern__v1__admin_service__descriptor,
		"GetMetrics", &request.base, &message);
	if (status != EXIT_STATUS_OK)
		return status;
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, message);
	const char *text = ((const Lectern__V1__GetMetricsResponse *)message)->text;
	return output_write(cli, text, strlen(text));
}

const struct command metrics_command = {
	.name = "metrics",
	.summary = "Print all metrics in the text format of Prometheus",
	.details = "To look at, or for the textfile collector of node_exporter.",
	.run = run_metrics,
};
