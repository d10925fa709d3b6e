// Pulumi's generators of SDKs as language plug-ins for `pulumi package gen-sdk`: what upstream's own plug-ins for
// Python, Go and Node.js do for that command, and nothing else. They run no programs. The name that the executable is
// called by (pulumi-language-LANGUAGE) says which language it generates.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	nodegen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	pygen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

const prefix = "pulumi-language-"

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	language string
}

func main() {
	language := strings.TrimPrefix(filepath.Base(os.Args[0]), prefix)
	if err := serve(language); err != nil {
		fmt.Fprintf(os.Stderr, "%s%s: %v\n", prefix, language, err)
		os.Exit(1)
	}
}

// serve prints its port, by which the engine finds it, and answers until its standard input or the engine ends it.
func serve(language string) error {
	if _, err := generate(language, nil, nil, nil, false, nil); err != nil {
		return err
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{language: language})
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

func (*host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (h *host) GeneratePackage(
	_ context.Context, request *pulumirpc.GeneratePackageRequest,
) (*pulumirpc.GeneratePackageResponse, error) {
	loader, err := schema.NewLoaderClient(request.LoaderTarget)
	if err != nil {
		return nil, err
	}
	defer loader.Close()
	var spec schema.PackageSpec
	if err := json.Unmarshal([]byte(request.Schema), &spec); err != nil {
		return nil, err
	}
	cached := schema.NewCachedLoader(loader)
	pkg, found, err := schema.BindSpec(spec, cached, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GeneratePackageResponse{Diagnostics: plugin.HclDiagnosticsToRPCDiagnostics(found)}
	if found.HasErrors() {
		return response, nil
	}
	files, err := generate(h.language, pkg, request.ExtraFiles, request.LocalDependencies, request.Local, cached)
	if err != nil {
		return nil, err
	}
	return response, write(request.Directory, files)
}

// generate asks the generator of a language; without a package it only says whether there is one.
func generate(
	language string, pkg *schema.Package, extra map[string][]byte, local map[string]string, isLocal bool,
	loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	tool := prefix + language
	switch {
	case language != "python" && language != "go" && language != "nodejs":
		return nil, fmt.Errorf("expected to be called %s and python, go or nodejs", prefix)
	case pkg == nil:
		return nil, nil
	case language == "python":
		return pygen.GeneratePackage(tool, pkg, extra, loader)
	case language == "go":
		return gogen.GeneratePackage(tool, pkg, local)
	default:
		return nodegen.GeneratePackage(tool, pkg, extra, local, isLocal, loader)
	}
}

func write(directory string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(directory, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
