// Package lectern is a client for Lectern servers, from nothing but mangos and protobuf.
package lectern

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	rpc "interop/pb/rpcv1"

	"go.nanomsg.org/mangos/v3"
	"go.nanomsg.org/mangos/v3/protocol/req"
	_ "go.nanomsg.org/mangos/v3/transport/ipc"
	_ "go.nanomsg.org/mangos/v3/transport/tcp"
	_ "go.nanomsg.org/mangos/v3/transport/tlstcp"
	"google.golang.org/protobuf/proto"
)

// Error is an answer that is no success: docs/errors.md lists code and reason.
type Error struct {
	Code                   int32
	Reason, Field, Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.Reason, e.Message) }

// Client is one server. Calls may be made from several goroutines at once.
type Client struct {
	socket mangos.Socket
	token  string
}

const deadlineExceeded = 4 // of google.rpc.Code

// maxReplyBytes is more than a server sends; mangos itself knows no limit.
const maxReplyBytes = 64 << 20

// Dial connects to tcp://HOST:7400, tls+tcp://HOST:7400 or ipc:///PATH. tokenFile and caFile may be "".
func Dial(address, tokenFile, caFile string) (*Client, error) {
	options := map[string]interface{}{
		mangos.OptionMaxRecvSize: maxReplyBytes,
		// Without it Dial waits for as long as a server says nothing. Calls wait for the connection,
		// and a lost one comes back by itself.
		mangos.OptionDialAsynch: true,
	}
	if strings.HasPrefix(address, "tls+tcp:") {
		parsed, err := url.Parse(address)
		if err != nil {
			return nil, err
		}
		config := &tls.Config{ServerName: parsed.Hostname()} // mangos does not set the name
		if caFile != "" {
			pem, err := os.ReadFile(caFile)
			if err != nil {
				return nil, err
			}
			config.RootCAs = x509.NewCertPool()
			config.RootCAs.AppendCertsFromPEM(pem)
		}
		options[mangos.OptionTLSConfig] = config
	}
	client := &Client{}
	if tokenFile != "" {
		text, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, err
		}
		client.token = strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0])
	}
	socket, err := req.NewSocket()
	if err != nil {
		return nil, err
	}
	// mangos sends requests again after a minute, also writes: 0 switches that off. What is lost
	// with its connection it still sends again, so give writes a request_id.
	if err = socket.SetOption(mangos.OptionRetryTime, time.Duration(0)); err == nil {
		err = socket.DialOptions(address, options)
	}
	if err != nil {
		socket.Close()
		return nil, err
	}
	client.socket = socket
	return client, nil
}

// Close ends the connection.
func (c *Client) Close() error { return c.socket.Close() }

// Options of one call; those that are not set have their defaults.
type Options struct {
	Timeout     time.Duration // 10 seconds
	MinRevision uint64
	NoToken     bool
}

// Call calls a method, for example "PostService/GetPost".
func (c *Client) Call(method string, request, response proto.Message, options Options) error {
	payload, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	reply, err := c.CallBytes(method, payload, options)
	if err != nil {
		return err
	}
	return proto.Unmarshal(reply, response)
}

// CallBytes is Call with encoded messages.
func (c *Client) CallBytes(method string, payload []byte, options Options) ([]byte, error) {
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	envelope := &rpc.Request{Method: "/lectern.v1." + method, Payload: payload,
		TimeoutMs: uint32(options.Timeout.Milliseconds()), MinRevision: options.MinRevision}
	if c.token != "" && !options.NoToken {
		envelope.Headers = []*rpc.Header{{Name: "authorization", Value: "Bearer " + c.token}}
	}
	message, err := proto.Marshal(envelope)
	if err != nil {
		return nil, err
	}
	context, err := c.socket.OpenContext()
	if err != nil {
		return nil, err
	}
	defer context.Close()
	// The server says itself when the time is over; a second more for its answer. mangos waits for
	// ever unless told otherwise.
	for _, name := range []string{mangos.OptionSendDeadline, mangos.OptionRecvDeadline} {
		if err = context.SetOption(name, options.Timeout+time.Second); err != nil {
			return nil, err
		}
	}
	if err = context.Send(message); err == nil {
		message, err = context.Recv()
	}
	if errors.Is(err, mangos.ErrSendTimeout) || errors.Is(err, mangos.ErrRecvTimeout) {
		late := fmt.Sprintf("no answer in %v", options.Timeout)
		return nil, &Error{Code: deadlineExceeded, Message: late}
	} else if err != nil {
		return nil, err
	}
	answer := &rpc.Response{}
	if err = proto.Unmarshal(message, answer); err != nil {
		return nil, err
	}
	if answer.GetStatus().GetCode() != 0 {
		return nil, failure(answer.Status)
	}
	return answer.Payload, nil
}

func failure(status *rpc.Status) *Error {
	result := &Error{Code: status.Code, Message: status.Message}
	for _, detail := range status.Details {
		info, bad := &rpc.ErrorInfo{}, &rpc.BadRequest{}
		switch {
		case strings.HasSuffix(detail.TypeUrl, "/google.rpc.ErrorInfo"):
			if proto.Unmarshal(detail.Value, info) == nil {
				result.Reason = info.Reason
			}
		case strings.HasSuffix(detail.TypeUrl, "/google.rpc.BadRequest"):
			if proto.Unmarshal(detail.Value, bad) == nil && len(bad.FieldViolations) > 0 {
				result.Field = bad.FieldViolations[0].Field
			}
		}
	}
	return result
}
